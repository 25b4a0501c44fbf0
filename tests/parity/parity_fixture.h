#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "formats/safetensors.h"
#include "models/weights.h"

namespace alea::test {

inline std::string fixture(const std::string& name) { return ALEA_SOURCE_DIR "/tests/fixtures/" + name; }

inline at::Tensor tensor_of(const SafetensorsFile& file, const std::string& name) {
  const auto& span = file.tensors().at(name);
  const auto type = span.dtype == DType::f64 ? at::kDouble : span.dtype == DType::i64 ? at::kLong : at::kFloat;
  return at::from_blob(const_cast<std::byte*>(span.bytes.data()), span.shape, at::TensorOptions().dtype(type)).clone();
}

inline double rms(const at::Tensor& x) { return x.to(at::kDouble).pow(2).mean().sqrt().item<double>(); }

inline double max_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

/// Twice the peer's own error in float32, or 2.5e-5 of the output's root mean square.
inline void expect_parity(const at::Tensor& output, const SafetensorsFile& file, const std::string& name = "output",
                          const std::string& peer_error = "peer_error") {
  const auto exact = tensor_of(file, name);
  ASSERT_EQ(output.sizes(), exact.sizes());
  ASSERT_GT(rms(exact), 0.1) << "a fixture this small would hide errors";
  const double peer = tensor_of(file, peer_error).item<double>();
  EXPECT_LE(max_difference(output, exact), std::max(2 * peer, 2.5e-5 * rms(exact)))
      << name << ": the peer's own error is " << peer;
}

/// What scripts/fixtures make of hashed_uniform(name): uniform in [-2, 2), to the bit.
inline at::Tensor hashed_input(const std::string& name, at::IntArrayRef shape) {
  double fan_in = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) fan_in *= static_cast<double>(shape[i]);
  return HashedSource(2 * std::sqrt(fan_in)).take("input." + name, shape, ParameterRole::matrix);
}

/// Networks of published size take seconds and gigabytes: only when asked for.
inline bool is_full_size_wanted() { return std::getenv("ALEA_FULL_SIZE") != nullptr; }

/// Both sides in float32: a few values of `output` within 1e-4 of its root mean square.
inline void expect_chosen_values(const at::Tensor& output, const SafetensorsFile& file) {
  const double expected_rms = tensor_of(file, "rms").item<double>();
  EXPECT_NEAR(rms(output), expected_rms, 1e-5 * expected_rms);
  const auto values = output.contiguous().flatten().index_select(0, tensor_of(file, "chosen"));
  const double error = max_difference(values, tensor_of(file, "values"));
  EXPECT_LE(error, 1e-4 * expected_rms);
  std::printf("largest difference %.2e of a root mean square of %.4f\n", error, expected_rms);
}

/// "name [2, 3]" of every parameter, sorted.
inline std::vector<std::string> key_lines(const WeightMap& weights) {
  std::vector<std::string> lines;
  for (const auto& [name, tensor] : weights) {
    std::ostringstream line;
    line << name << " [";
    for (std::int64_t i = 0; i < tensor.dim(); ++i) line << (i ? ", " : "") << tensor.size(i);
    lines.push_back(line.str() + "]");
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

inline std::vector<std::string> sorted_lines(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace alea::test
