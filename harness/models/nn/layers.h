#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "models/nn/dropout.h"
#include "models/nn/group_norm_silu.h"
#include "models/nn/winograd.h"
#include "models/weights.h"

namespace alea::nn {

/// Weights [out, in, k, k] in channels-last memory, bias [out].
struct Conv2d {
  at::Tensor weight, bias;
  int stride = 1, padding = 0;
  Conv2d() = default;
  Conv2d(ParameterSource& source, const std::string& name, int in, int out, int kernel, int stride, int padding);
  at::Tensor operator()(const at::Tensor& x, const ConvTerms& terms = {}) const;
  at::ScalarType dtype() const { return weight.scalar_type(); }  ///< of its x

 private:
  std::shared_ptr<WinogradCache> winograd_;  ///< of a 3x3 kernel that keeps the extent
};

/// As what a network ends in, in float32.
LastLayer last_layer_of(const Conv2d& conv);

struct Linear {
  at::Tensor weight, bias;  ///< [out, in], [out]
  Linear() = default;
  Linear(ParameterSource& source, const std::string& name, int in, int out);
  at::Tensor operator()(const at::Tensor& x) const;
  /// x [B, in] -> [B, out], where takes_cpu_kernels(x) one product a row: MKL's bits for few rows depend on their number, on a
  /// row's place and, for some numbers, on threads.
  at::Tensor by_row(const at::Tensor& x) const;
  at::ScalarType dtype() const { return weight.scalar_type(); }  ///< of its x
};

/// Group norm over channels of x [B, C, H, W]; parameters and statistics in float32 whatever the dtype of x, which the result
/// has too.
struct GroupNorm {
  at::Tensor scale, shift;
  int groups = 32;
  double eps = 1e-6;
  GroupNorm() = default;
  GroupNorm(ParameterSource& source, const std::string& name, int channels, int groups, double eps);
  at::Tensor operator()(const at::Tensor& x) const;
  at::Tensor then_silu(const at::Tensor& x) const;  ///< silu(norm(x)), one pass where a kernel exists
  at::Tensor then_silu(const at::Tensor& x, const at::Tensor& row_offset) const;  ///< silu(norm(x + row_offset)), [B, C]
  at::Tensor then_silu_as(const at::Tensor& x, at::ScalarType out) const;         ///< of another dtype than x, rounded once
  /// silu(norm(x) * (1 + scale) + shift) with a row's own scale and shift [B, C], in one pass where a kernel exists.
  at::Tensor modulated_then_silu(const at::Tensor& x, const at::Tensor& row_scale, const at::Tensor& row_shift) const;

 private:
  FusedNorm fused() const { return {.scale = scale, .shift = shift, .groups = groups, .eps = eps}; }
};

/// softmax(q k^T / sqrt(d)) v: [B, heads, tokens, d], the softmax in float32. Always 4-D: 3-D calls aren't bit-equal across batch
/// splits.
at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);

}  // namespace alea::nn
