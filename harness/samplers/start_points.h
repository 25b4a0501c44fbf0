#pragma once

#include <ATen/core/Tensor.h>

#include "models/denoiser.h"

namespace alea {

/// Where trajectories begin: x and the class of each id, functions of the id alone.
class StartPoints {
 public:
  virtual ~StartPoints() = default;
  /// The solver index where they begin.
  virtual SolverIndex from() const { return {}; }
  /// [B, C, H, W] float32 on the CPU, at the level of the solver's beginning there: x_T is standard normals.
  virtual at::Tensor x(const Ids& ids) const = 0;
  /// Classes [B] int64 on the CPU; undefined for a network without classes.
  virtual at::Tensor labels(const Ids& ids) const = 0;
};

/// Normals of stream initial_noise, classes uniform over 0..n_classes-1 of stream label; n_classes = 0: none.
class PhiloxStart : public StartPoints {
 public:
  PhiloxStart(std::uint64_t seed, const ImageShape& shape, int n_classes) : seed_(seed), shape_(shape), n_classes_(n_classes) {}
  at::Tensor x(const Ids& ids) const override;
  at::Tensor labels(const Ids& ids) const override;

 private:
  std::uint64_t seed_;
  ImageShape shape_;
  int n_classes_;
};

}  // namespace alea
