#pragma once

#include <cstdint>
#include <vector>

namespace alea {

/// Above which uncertainty a guide acts, from other trajectories: a value a step and element, or one a step.
struct GuidanceThresholds {
  std::vector<std::int64_t> indices;  ///< solver indices, ascending
  std::vector<std::int64_t> shape;    ///< [W, C, H, W'] of the network's space, or [W], with W = indices.size()
  std::vector<float> values;          ///< row-major
};

}  // namespace alea
