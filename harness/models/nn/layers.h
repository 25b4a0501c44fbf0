#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "models/denoiser.h"
#include "models/weights.h"

namespace alea::nn {

/// Weights [out, in, k, k] in channels-last memory, bias [out].
struct Conv2d {
  at::Tensor weight, bias;
  int stride = 1, padding = 0;
  Conv2d() = default;
  Conv2d(ParameterSource& source, const std::string& name, int in, int out, int kernel, int stride, int padding);
  at::Tensor operator()(const at::Tensor& x) const;
};

struct Linear {
  at::Tensor weight, bias;  ///< [out, in], [out]
  Linear() = default;
  Linear(ParameterSource& source, const std::string& name, int in, int out);
  at::Tensor operator()(const at::Tensor& x) const;
  /// x [B, in] -> [B, out], where takes_cpu_kernels(x) one product a row: MKL's bits for few rows depend on their number, on a
  /// row's place and, for some numbers, on threads.
  at::Tensor by_row(const at::Tensor& x) const;
};

/// Group norm over channels; statistics in float32 whatever the dtype of x.
struct GroupNorm {
  at::Tensor scale, shift;
  int groups = 32;
  double eps = 1e-6;
  GroupNorm() = default;
  GroupNorm(ParameterSource& source, const std::string& name, int channels, int groups, double eps);
  at::Tensor operator()(const at::Tensor& x) const;
  at::Tensor then_silu(const at::Tensor& x) const;  ///< silu(norm(x)), one pass where a kernel exists
  /// silu(norm(x) * (1 + scale) + shift) with a row's own scale and shift [B, C], in one pass where a kernel exists.
  at::Tensor modulated_then_silu(const at::Tensor& x, const at::Tensor& row_scale, const at::Tensor& row_shift) const;
};

/// softmax(q k^T / sqrt(d)) v: [B, heads, tokens, d]. Always 4-D: 3-D calls aren't bit-equal across batch splits.
at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);

/// Masks of one network call. Each site has its number; plain mode and p = 0 return x itself.
class DropoutSites {
 public:
  DropoutSites(const Mode& mode, const Ids& ids) : mode_(mode), ids_(ids) {}
  /// x [B, ...] times mask / (1-p); the mask of row b is a function of (seed, stream, site, id_b, step, pass) in logical order.
  at::Tensor apply(const at::Tensor& x, std::uint32_t site, bool attention_site = false) const;

 private:
  const Mode& mode_;
  const Ids& ids_;
};

/// 1/(1-p) where kept, 0 where dropped: [n] from 16 bits a value; kept when bits >= round(p * 65536). p in [0, 1).
void fill_dropout_mask(const DrawKey& key, double p, std::span<float> out);

}  // namespace alea::nn
