#pragma once

#include <ATen/core/Tensor.h>

namespace alea::nn {

/// True for a float32, channels-last tensor outside autograd where takes_cpu_kernels(x): what the fused kernel takes.
bool can_fuse_group_norm_silu(const at::Tensor& x, const at::Tensor& scale);

/// silu(group_norm(x)): x [B, C, H, W] channels-last, contiguous scale and shift [C], or [B, C] where each row has its own;
/// statistics in double over each group.
at::Tensor group_norm_silu(const at::Tensor& x, int groups, const at::Tensor& scale, const at::Tensor& shift, double eps);

}  // namespace alea::nn
