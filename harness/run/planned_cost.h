#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocols/protocol.h"

namespace alea {

/// What carrying a plan out will take, known from configs and manifests alone.
struct PlannedCost {
  std::uint64_t images = 0;          ///< ids
  std::uint64_t nfe = 0;             ///< network evaluations an id, a backward counting as two, those of a second arm with them
  std::uint64_t other_forwards = 0;  ///< of images beside those, such as the arm of equal cost
  std::uint64_t disk_bytes = 0;      ///< of blocks and features, before compression
  std::uint64_t forwards() const { return images * nfe + other_forwards; }
};
PlannedCost planned_cost(const Plan& plan);

/// Files that a run needs and that aren't there, each a sentence with the command that gets it: published weights, weights of the
/// feature network, reference statistics, the data set, and what the protocol reads beside the store. `training_images` is what
/// `alea metrics --real` would take for the reference. Loads nothing.
std::vector<std::string> missing_files(const ResolvedConfig& config, const std::string& training_images);

/// The same for files without which a config can't be resolved: fits that estimators draw on.
std::vector<std::string> missing_before_resolving(const Json& config);

}  // namespace alea
