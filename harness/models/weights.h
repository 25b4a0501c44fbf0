#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace alea {

using WeightMap = std::map<std::string, at::Tensor>;

enum class ParameterRole { matrix, bias, norm_scale, norm_shift };

/// Where a network takes its parameters from: a file, a map of a training run, an initial draw. A network asks for each of
/// its parameters once, by the published name, when it is built.
class ParameterSource {
 public:
  virtual ~ParameterSource() = default;
  virtual at::Tensor take(const std::string& name, at::IntArrayRef shape, ParameterRole role) = 0;
};

/// Hands out a map's tensors. finish() after building the network reports missing, unexpected and mis-shaped keys all at once
/// (Error{data}); a missing or mis-shaped parameter is an empty tensor of the right shape until then.
class MapSource : public ParameterSource {
 public:
  MapSource(const WeightMap& weights, std::string source) : weights_(weights), source_(std::move(source)) {}
  at::Tensor take(const std::string& name, at::IntArrayRef shape, ParameterRole role) override;
  void finish() const;

 private:
  const WeightMap& weights_;
  std::string source_;
  std::vector<std::string> taken_, problems_;
};

/// Draws initial weights: uniform within +-1/sqrt(fan_in) for matrices and biases (a matrix's bias follows it), ones and zeros
/// for norms; by name and seed, so that an order of construction means nothing. Keeps what it made.
class InitialSource : public ParameterSource {
 public:
  explicit InitialSource(std::uint64_t seed) : seed_(seed) {}
  at::Tensor take(const std::string& name, at::IntArrayRef shape, ParameterRole role) override;
  const WeightMap& made() const { return made_; }

 private:
  std::uint64_t seed_;
  std::int64_t fan_in_ = 1;
  WeightMap made_;
};

/// Deterministic weights for parity fixtures, equal in C++ and Python (scripts/fixtures): u = splitmix64(fnv1a64(name) + index)
/// >> 40 as a uniform in [-1, 1); matrices gain u/sqrt(fan_in), biases and norm shifts 0.1u, norm scales 1 + 0.1u. A deep ReLU
/// network keeps its scale with a gain of sqrt(6).
class HashedSource : public ParameterSource {
 public:
  explicit HashedSource(double gain = 1) : gain_(gain) {}
  at::Tensor take(const std::string& name, at::IntArrayRef shape, ParameterRole role) override;

 private:
  double gain_;
};

/// Parameters on the `meta` device: shapes without memory; keeps the list of names and shapes.
class MetaSource : public ParameterSource {
 public:
  at::Tensor take(const std::string& name, at::IntArrayRef shape, ParameterRole role) override;
  const WeightMap& made() const { return made_; }

 private:
  WeightMap made_;
};

/// Floating-point tensors of a file as float32 (from F32, F16, BF16 or F64). Safetensors, torch.save's zip archives and its
/// legacy files, told apart by content; of a checkpoint of nested dicts the one called `member`, or as TorchArchive chooses.
/// `expected_sha256` may be the first 8 or more of its 64 hex digits, as names of published files carry them; empty: not checked.
/// Takes about the memory of the result and of the largest tensor in the file.
/// Error{io} when missing, Error{data} with both hashes when it is another file, Error{config} for a hash that is none.
struct LoadedWeights {
  WeightMap tensors;
  std::map<std::string, std::string> metadata;
  std::string sha256;
  std::vector<std::string> left_out;  ///< tensors of integers or booleans: counters such as num_batches_tracked, positions, masks
};
LoadedWeights load_weights(const std::filesystem::path& path, const std::string& expected_sha256, const std::string& member = "");

enum class StoredAs { f32, f16 };
void save_weights(const std::filesystem::path& path, const WeightMap& weights, StoredAs dtype,
                  const std::map<std::string, std::string>& metadata = {});

std::int64_t count_parameters(const WeightMap& weights);

}  // namespace alea
