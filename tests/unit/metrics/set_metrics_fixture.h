#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>

#include "test_features.h"

namespace alea::test {

/// What peers make of the sets below: scripts/fixtures/set_metrics.py.
inline nlohmann::json set_metrics_fixture() {
  std::ifstream file(ALEA_SOURCE_DIR "/tests/fixtures/set_metrics.json");
  EXPECT_TRUE(file) << "tests/fixtures/set_metrics.json is missing: run scripts/fixtures/set_metrics.py";
  return nlohmann::json::parse(file);
}

/// The script's `hashed`, times scale plus shift: exact in float.
inline Features hashed_features(std::uint32_t seed, std::size_t n, std::size_t d, float scale = 1, float shift = 0) {
  Features features{n, d, std::vector<float>(n * d)};
  for (std::size_t i = 0; i < n * d; ++i) {
    std::uint32_t x = static_cast<std::uint32_t>(i) + seed * 1000003U;
    x = (x ^ (x >> 16)) * 0x7FEB352DU;
    x = (x ^ (x >> 15)) * 0x846CA68BU;
    x ^= x >> 16;
    features.values[i] = static_cast<float>(x >> 16) / 65536 * scale + shift;
  }
  return features;
}

inline Features hashed_real() { return hashed_features(1, 2000, 64); }
inline Features hashed_generated() { return hashed_features(2, 1500, 64, 0.875F, 0.125F); }

/// Rows on a small integer grid: many equal distances and duplicates, all exact in any order of summation.
inline Features grid_features(std::uint32_t seed, std::size_t n, std::size_t d, int side) {
  Features features = hashed_features(seed, n, d, static_cast<float>(side));
  for (float& value : features.values) value = std::floor(value);
  return features;
}

inline Features without_group(const Features& features, const std::vector<std::uint64_t>& ids, int group) {
  Features left{0, features.d, {}};
  for (std::size_t i = 0; i < features.n; ++i) {
    if (static_cast<int>(ids[i] % 32) == group) continue;
    const auto row = features.view().row(i);
    left.values.insert(left.values.end(), row.begin(), row.end());
    ++left.n;
  }
  return left;
}

/// Squared distance in the order of the coordinates.
inline double plain_distance(const Features& a, std::size_t i, const Features& b, std::size_t j) {
  double sum = 0;
  for (std::size_t k = 0; k < a.d; ++k) {
    const double difference = static_cast<double>(a.values[i * a.d + k]) - static_cast<double>(b.values[j * b.d + k]);
    sum += difference * difference;
  }
  return sum;
}

}  // namespace alea::test
