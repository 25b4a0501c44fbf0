#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "protocols/guide_thresholds.h"

namespace alea {

struct ThresholdsRequest {
  std::uint64_t count = 3000;            ///< images
  std::optional<std::uint64_t> first{};  ///< their first id; default: after the config's own, which they mustn't judge
  bool per_element = true;               ///< false: one value a step
};

/// Thresholds for the guide of a config: unguided trajectories, the uncertainty that the guide's mask would look at, and at each
/// step of its window the value at sorted place floor(n q), q being the guide's quantile; no interpolation. n is the images, or
/// images x elements where not per_element. Whatever mask the guide has, its file of thresholds needn't exist yet. Errors as
/// resolve_config and BlockSampler; Error{config} for a config without a guide, Error{interrupted} after a signal.
ThresholdsFile measure_thresholds(const Json& config, const std::string& source, const ThresholdsRequest& request);

}  // namespace alea
