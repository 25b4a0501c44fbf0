#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "models/placement.h"

namespace alea {

using WeightMap = std::map<std::string, at::Tensor>;

enum class ParameterRole { matrix, bias, norm_scale, norm_shift };

/// Where a network takes its parameters from: a file, a map of a training run, an initial draw. A network asks for each of
/// its parameters once, by the published name, when it is built.
class ParameterSource {
 public:
  virtual ~ParameterSource() = default;
  virtual at::Tensor take(const std::string& name, at::IntArrayRef shape, ParameterRole role) = 0;
  /// The same parameters for layers that compute in float32 whatever the others do: embeddings of time and class, and the layers
  /// that meet the image, where rounding isn't averaged over channels and a network's other arithmetic costs nothing.
  virtual ParameterSource& in_float32() { return *this; }
};

/// What doesn't fit between a network and the parameters that it is given, collected while it is built.
class ParameterProblems {
 public:
  bool missing(const std::string& name, at::IntArrayRef expected);  ///< notes it and returns false
  bool fits(const std::string& name, at::IntArrayRef expected, at::IntArrayRef found);
  /// Error{data} with all that is missing, mis-shaped or there without having been asked for.
  void finish(const std::string& source, const std::map<std::string, std::vector<std::int64_t>>& there) const;

 private:
  std::set<std::string> taken_;
  std::vector<std::string> problems_;
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
  ParameterProblems problems_;
};

/// Another source's parameters, where and in the arithmetic in which the network computes: norms stay in float32.
class PlacedSource : public ParameterSource {
 public:
  PlacedSource(ParameterSource& source, const Placement& placement) : source_(source), placement_(placement) {}
  at::Tensor take(const std::string& name, at::IntArrayRef shape, ParameterRole role) override;
  ParameterSource& in_float32() override;

 private:
  ParameterSource& source_;
  Placement placement_;
  std::unique_ptr<PlacedSource> in_float32_;  ///< made when it is first asked for
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

/// All floating-point tensors of a checkpoint as float32 (models/checkpoint.h says which files, and which errors).
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
