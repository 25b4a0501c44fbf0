#pragma once

#include <ATen/core/Tensor.h>

namespace alea::nn {

/// True for float32 tokens [B, L, K] outside autograd on a CPU that has the kernel of panels.h, and a weight [N, K] float32 with
/// N a multiple of 16 and K at least 192.
bool can_use_wide_linear(const at::Tensor& x, const at::Tensor& weight);

/// x weight^T + bias: [B, L, K], [N, K], [N] or undefined -> [B, L, N]. Weights are laid out anew at each call, so none is kept
/// twice; bits depend neither on the number of rows nor on threads.
at::Tensor wide_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace alea::nn
