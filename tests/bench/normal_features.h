#pragma once

#include <cstdint>
#include <vector>

#include "core/philox.h"

namespace alea {

/// n rows of d standard normal numbers.
inline std::vector<float> normal_features(std::uint64_t seed, std::size_t n, std::size_t d) {
  std::vector<float> values(n * d);
  fill_normal({.seed = seed}, values);
  return values;
}

}  // namespace alea
