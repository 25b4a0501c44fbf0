#pragma once

#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "core/ids.h"
#include "core/philox.h"
#include "metrics/gaussian_moments.h"

namespace alea::test {

/// Features that own their numbers.
struct Features {
  std::size_t n = 0, d = 0;
  std::vector<float> values;
  FeatureView view() const { return {values, n, d}; }
};

/// Correlated features: x_j = shift + scale (z_j + 0.5 z_{j-1}) / (1 + j)^decay.
inline Features make_features(std::uint64_t seed, std::size_t n, std::size_t d, double shift = 0, double scale = 1,
                              double decay = 0.3) {
  Features features{n, d, std::vector<float>(n * d)};
  std::vector<float> z(d);
  for (std::size_t i = 0; i < n; ++i) {
    fill_normal({.seed = seed, .id = i}, z);
    for (std::size_t j = 0; j < d; ++j) {
      const double mixed = z[j] + (j > 0 ? 0.5 * z[j - 1] : 0.0);
      features.values[i * d + j] = static_cast<float>(shift + scale * mixed * std::pow(1.0 + static_cast<double>(j), -decay));
    }
  }
  return features;
}

using alea::consecutive_ids;

/// max |a - b| / max |b|.
inline double relative_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = a.size() == b.size() ? 0 : INFINITY, size = 0;
  for (std::size_t i = 0; i < b.size() && a.size() == b.size(); ++i) {
    difference = std::max(difference, std::abs(a[i] - b[i]));
    size = std::max(size, std::abs(b[i]));
  }
  return difference / size;
}

}  // namespace alea::test
