#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace alea::nn {

/// A group norm and what surrounds it: silu(norm(x + row_offset)). Parameters are float32 and contiguous.
struct FusedNorm {
  at::Tensor scale, shift;  ///< [C], or [B, C] where each row has its own
  int groups = 32;
  double eps = 1e-6;
  at::Tensor row_offset{};                 ///< [B, C], or undefined: nothing is added
  bool silu = true;                        ///< false: the norm alone
  std::optional<at::ScalarType> out = {};  ///< float32, or that of x, which is the default
};

/// True for a channels-last CPU tensor of float32 or bfloat16 outside autograd, and parameters that are float32: what the fused
/// kernel takes.
bool can_fuse(const at::Tensor& x, const FusedNorm& call);

/// x [B, C, H, W] channels-last, read once for each moment and once to be normalised; statistics in double over each group, all
/// else in float32, rounded once at the end.
at::Tensor fused_group_norm(const at::Tensor& x, const FusedNorm& call);

}  // namespace alea::nn
