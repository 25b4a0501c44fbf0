#include "models/nn/layers.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>
#include <vector>

#include "core/error.h"
#include "models/nn/group_norm_silu.h"
#include "models/nn/kernels.h"

namespace alea::nn {
namespace {

at::Tensor channels_last(const at::Tensor& weight) {
  return weight.size(2) == 1 && weight.size(3) == 1 ? weight : weight.contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace

Conv2d::Conv2d(ParameterSource& source, const std::string& name, int in, int out, int kernel, int stride, int padding)
    : weight(channels_last(source.take(name + ".weight", {out, in, kernel, kernel}, ParameterRole::matrix))),
      bias(source.take(name + ".bias", {out}, ParameterRole::bias)),
      stride(stride),
      padding(padding) {}

at::Tensor Conv2d::operator()(const at::Tensor& x) const {
  // libtorch's convolutions, norms and attention don't run on the meta device (Python's are written in Python): shapes are worked
  // out here.
  if (!x.is_meta()) return at::conv2d(x, weight, bias, stride, padding);
  const auto out = [&](int axis) { return (x.size(axis) + 2 * padding - weight.size(axis)) / stride + 1; };
  return at::empty({x.size(0), weight.size(0), out(2), out(3)}, x.options());
}

Linear::Linear(ParameterSource& source, const std::string& name, int in, int out)
    : weight(source.take(name + ".weight", {out, in}, ParameterRole::matrix)),
      bias(source.take(name + ".bias", {out}, ParameterRole::bias)) {}

at::Tensor Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight, bias); }

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
  return x.is_meta() ? at::empty_like(x) : at::group_norm(x, groups, scale, shift, eps);
}

at::Tensor GroupNorm::then_silu(const at::Tensor& x) const {
  if (can_fuse_group_norm_silu(x, scale)) return group_norm_silu(x, groups, scale, shift, eps);
  return at::silu((*this)(x));
}

at::Tensor GroupNorm::modulated_then_silu(const at::Tensor& x, const at::Tensor& row_scale, const at::Tensor& row_shift) const {
  const at::Tensor factor = 1 + row_scale;
  const at::Tensor scales = scale * factor;
  if (can_fuse_group_norm_silu(x, scales)) return group_norm_silu(x, groups, scales, at::addcmul(row_shift, shift, factor), eps);
  const auto by_pixel = [](const at::Tensor& row) { return row.unsqueeze(2).unsqueeze(3); };
  return at::silu((*this)(x)*by_pixel(factor) + by_pixel(row_shift));
}

at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  return q.is_meta() ? at::empty_like(q) : at::scaled_dot_product_attention(q, k, v);
}

at::Tensor DropoutSites::apply(const at::Tensor& x, std::uint32_t site, bool attention_site) const {
  const auto* dropout = std::get_if<DropoutMode>(&mode_);
  if (dropout == nullptr || dropout->p == 0 || (attention_site && !dropout->attention_sites)) return x;
  ALEA_CHECK(static_cast<std::int64_t>(ids_.size()) == x.size(0), "dropout: {} ids for {} rows", ids_.size(), x.size(0));
  at::Tensor mask = at::empty(x.sizes(), at::TensorOptions().dtype(at::kFloat).device(at::kCPU));
  const auto row = static_cast<std::size_t>(x.numel() / x.size(0));
  for (std::size_t b = 0; b < ids_.size(); ++b) {
    const DrawKey key{dropout->seed, dropout->stream, site, ids_[b], dropout->step, dropout->pass};
    fill_dropout_mask(key, dropout->p, {mask.mutable_data_ptr<float>() + b * row, row});
  }
  return x * mask.to(x.options()).contiguous(x.suggest_memory_format());
}

void fill_dropout_mask(const DrawKey& key, double p, std::span<float> out) {
  ALEA_CHECK(p >= 0 && p < 1, "dropout probability {} is outside [0, 1)", p);
  std::vector<std::uint32_t> words((out.size() + 1) / 2);
  fill_words(key, words);
  const auto threshold = static_cast<std::uint32_t>(std::lround(p * 65536));
  const auto kept = static_cast<float>(1.0 / (1.0 - p));
  const auto value = [&](std::uint32_t bits) { return bits >= threshold ? kept : 0.0f; };
  const std::size_t pairs = out.size() / 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    out[2 * i] = value(words[i] & 0xffffu);
    out[2 * i + 1] = value(words[i] >> 16);
  }
  if (out.size() % 2 == 1) out.back() = value(words.back() & 0xffffu);
}

}  // namespace alea::nn
