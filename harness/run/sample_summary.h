#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/config.h"

namespace alea {

struct SummaryRequest {
  std::filesystem::path run;            ///< folder of a run
  std::uint64_t count = 10000;          ///< its first images
  std::string network;                  ///< whose features the distances are taken in
  std::string classifier;               ///< whose classes are counted; empty: none
  std::vector<std::string> references;  ///< files of statistics, as given or below the data folder
};

/// What a model card says of a run's images: the Frechet distance to each reference with its jackknife interval, the distance
/// between the first reference and each other one, and the share of every class. Error{io} when the run has too few images,
/// Error{not_comparable} when a reference is of another network.
Json summarise_samples(const SummaryRequest& request);

}  // namespace alea
