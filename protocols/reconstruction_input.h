#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocols/components.h"
#include "protocols/reconstruction_options.h"
#include "store/store.h"

namespace alea {

/// An uncertainty map of every image, usable ones only.
struct StatisticMaps {
  std::string name;
  std::vector<float> values;   ///< [n, elements]
  std::vector<double> scores;  ///< [n], the sum over elements and window
};

/// What reconstruction reads from a run's folder. Images with a value that isn't finite anywhere have no row.
struct ReconstructionInput {
  std::vector<std::uint64_t> ids;         ///< [n] ascending
  std::uint64_t non_finite = 0;           ///< images left out
  std::size_t elements = 0;               ///< of one image, as /channels says
  std::vector<float> errors;              ///< [n, elements] absolute, in what /scale says
  std::vector<StatisticMaps> statistics;  ///< those that have maps
};

/// Error{io} for a missing block, Error{shape} naming the array, expected and found.
ReconstructionInput read_reconstruction_input(const Store& store, const ReconstructionOptions& options,
                                              const Components& components);

}  // namespace alea
