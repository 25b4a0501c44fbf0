#include "models/nn/layers.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <vector>

#include "models/nn/flop_count.h"
#include "models/nn/group_norm_silu.h"
#include "models/nn/kernels.h"
#include "models/nn/wide_linear.h"

namespace alea::nn {
namespace {

at::Tensor channels_last(const at::Tensor& weight) {
  return weight.size(2) == 1 && weight.size(3) == 1 ? weight : weight.contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor by_pixel(const at::Tensor& row) { return row.unsqueeze(2).unsqueeze(3); }

}  // namespace

Conv2d::Conv2d(ParameterSource& source, const std::string& name, int in, int out, int kernel, int stride, int padding)
    : weight(channels_last(source.take(name + ".weight", {out, in, kernel, kernel}, ParameterRole::matrix))),
      bias(source.take(name + ".bias", {out}, ParameterRole::bias)),
      stride(stride),
      padding(padding) {
  if (kernel == 3 && stride == 1 && padding == 1) winograd_ = std::make_shared<WinogradCache>();
}

at::Tensor Conv2d::operator()(const at::Tensor& x, const ConvTerms& terms) const {
  if (winograd_ && WinogradConv::fits(x, weight)) return winograd_->get(weight, x.size(2), x.size(3))(x, bias, terms);
  // libtorch's convolutions, norms and attention don't run on the meta device (Python's are written in Python): shapes are worked
  // out here.
  const auto out = [&](int axis) { return (x.size(axis) + 2 * padding - weight.size(axis)) / stride + 1; };
  at::Tensor y = x.is_meta() ? at::empty({x.size(0), weight.size(0), out(2), out(3)}, x.options())
                             : at::conv2d(x, weight, bias, stride, padding);
  count_product(x, y.numel(), weight.numel() / weight.size(0));
  if (terms.by_row.defined()) y = y + terms.by_row.unsqueeze(2).unsqueeze(3);
  return terms.by_pixel.defined() ? terms.by_pixel + y : y;
}

LastLayer last_layer_of(const Conv2d& conv) {
  ALEA_CHECK(conv.stride == 1, "a last layer of stride {}", conv.stride);
  return {conv.weight.to(at::kFloat), conv.bias.to(at::kFloat), conv.padding};
}

Linear::Linear(ParameterSource& source, const std::string& name, int in, int out)
    : weight(source.take(name + ".weight", {out, in}, ParameterRole::matrix)),
      bias(source.take(name + ".bias", {out}, ParameterRole::bias)) {}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  count_product(x, x.numel(), weight.size(0));
  return can_use_wide_linear(x, weight) ? wide_linear(x, weight, bias) : at::linear(x, weight, bias);
}

at::Tensor Linear::by_row(const at::Tensor& x) const {
  if (!takes_cpu_kernels(x) || x.size(0) == 0) return (*this)(x);
  std::vector<at::Tensor> rows;
  for (const at::Tensor& row : x.split(1)) rows.push_back((*this)(row));
  return at::cat(rows);
}

GroupNorm::GroupNorm(ParameterSource& source, const std::string& name, int channels, int groups, double eps)
    : scale(source.take(name + ".weight", {channels}, ParameterRole::norm_scale)),
      shift(source.take(name + ".bias", {channels}, ParameterRole::norm_shift)),
      groups(groups),
      eps(eps) {}

at::Tensor GroupNorm::operator()(const at::Tensor& x) const {
  if (x.is_meta()) return at::empty_like(x);
  if (x.scalar_type() == scale.scalar_type()) return at::group_norm(x, groups, scale, shift, eps);
  FusedNorm call = fused();
  call.silu = false;
  if (can_fuse(x, call)) return fused_group_norm(x, call);
  // The CPU's operator mixes dtypes and takes its statistics in float32; those of other devices want one dtype.
  if (x.is_cpu()) return at::group_norm(x, groups, scale, shift, eps);
  return at::group_norm(x.to(scale.scalar_type()), groups, scale, shift, eps).to(x.scalar_type());
}

at::Tensor GroupNorm::then_silu(const at::Tensor& x) const {
  const FusedNorm call = fused();
  return can_fuse(x, call) ? fused_group_norm(x, call) : at::silu((*this)(x));
}

at::Tensor GroupNorm::then_silu(const at::Tensor& x, const at::Tensor& row_offset) const {
  FusedNorm call = fused();
  call.row_offset = row_offset;
  if (can_fuse(x, call)) return fused_group_norm(x, call);
  return at::silu((*this)(x + by_pixel(row_offset.to(x.scalar_type()))));
}

at::Tensor GroupNorm::then_silu_as(const at::Tensor& x, at::ScalarType out) const {
  FusedNorm call = fused();
  call.out = out;
  return can_fuse(x, call) ? fused_group_norm(x, call) : then_silu(x.to(out));
}

at::Tensor GroupNorm::modulated_then_silu(const at::Tensor& x, const at::Tensor& row_scale, const at::Tensor& row_shift) const {
  const at::Tensor factor = 1 + row_scale;
  FusedNorm call = fused();
  call.scale = scale * factor;
  call.shift = at::addcmul(row_shift, shift, factor);
  if (can_fuse(x, call)) return fused_group_norm(x, call);
  return at::silu((*this)(x)*by_pixel(factor) + by_pixel(row_shift)).to(x.scalar_type());
}

at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  count_product(q, q.numel(), k.size(2));                          // q k^T
  count_product(q, q.numel() / q.size(3) * k.size(2), v.size(3));  // its softmax times v
  return q.is_meta() ? at::empty_like(q) : at::scaled_dot_product_attention(q, k, v);
}

}  // namespace alea::nn
