#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "core/philox.h"

namespace alea {

inline const DrawKey kKey = {.seed = 42, .stream = Stream::sampler_noise, .site = 3, .id = 7, .step = 12, .pass = 4};

inline std::vector<std::uint32_t> words(const DrawKey& key, std::size_t n) {
  std::vector<std::uint32_t> out(n);
  fill_words(key, out);
  return out;
}

inline std::vector<float> normals(const DrawKey& key, std::size_t n) {
  std::vector<float> out(n);
  fill_normal(key, out);
  return out;
}

inline std::vector<float> uniforms(const DrawKey& key, std::size_t n) {
  std::vector<float> out(n);
  fill_uniform(key, out);
  return out;
}

/// One key for each way to differ from kKey in a single field, or in two that must not be mistaken for each other.
inline std::vector<DrawKey> neighbours() {
  std::vector<DrawKey> out = {kKey};
  const auto add = [&](auto change) {
    DrawKey key = kKey;
    change(key);
    out.push_back(key);
  };
  add([](DrawKey& key) { key.seed += 1; });
  add([](DrawKey& key) { key.seed += std::uint64_t{1} << 32; });
  add([](DrawKey& key) { key.stream = Stream::re_noise; });
  add([](DrawKey& key) { key.site += 1; });
  add([](DrawKey& key) { key.id += 1; });
  add([](DrawKey& key) { key.id += std::uint64_t{1} << 32; });
  add([](DrawKey& key) { key.step += 1; });
  add([](DrawKey& key) { key.pass += 1; });
  add([](DrawKey& key) { std::swap(key.step, key.pass); });
  add([](DrawKey& key) { std::tie(key.id, key.site) = std::pair(key.site, static_cast<std::uint32_t>(key.id)); });
  return out;
}

/// Kolmogorov's statistic times sqrt(n); above 1.95 once in a thousand.
inline double kolmogorov(std::vector<float> x, double (*cdf)(double)) {
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = cdf(x[i]), rank = static_cast<double>(i);
    largest = std::max({largest, p - rank / n, (rank + 1) / n - p});
  }
  return largest * std::sqrt(n);
}

}  // namespace alea
