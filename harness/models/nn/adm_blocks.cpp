#include "models/nn/adm_blocks.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/upsample_nearest2d.h>

#include <type_traits>

namespace alea::nn {
namespace {

constexpr int kGroups = 32;
constexpr double kEps = 1e-5;

at::Tensor resample(const at::Tensor& x, Resampling direction) {
  if (direction == Resampling::down) return at::avg_pool2d(x, 2);
  if (direction == Resampling::up) return at::upsample_nearest2d(x, at::IntArrayRef{2 * x.size(2), 2 * x.size(3)});
  return x;
}

GroupNorm group_norm_32(ParameterSource& source, const std::string& name, int channels) {
  return {source, name, channels, kGroups, kEps};
}

/// [B, C, H, W] -> [B, H*W, C]
at::Tensor tokens_of(const at::Tensor& x) {
  return x.permute({0, 2, 3, 1}).reshape({x.size(0), x.size(2) * x.size(3), x.size(1)});
}

}  // namespace

Linear pointwise(ParameterSource& source, const std::string& name, int in, int out) {
  Linear made;
  made.weight = source.take(name + ".weight", {out, in, 1}, ParameterRole::matrix).squeeze(2);
  made.bias = source.take(name + ".bias", {out}, ParameterRole::bias);
  return made;
}

AdmResample::AdmResample(ParameterSource& source, const std::string& name, int channels, Resampling direction, bool with_conv)
    : direction(direction) {
  const bool down = direction == Resampling::down;
  if (with_conv) conv.emplace(source, name + (down ? ".op" : ".conv"), channels, channels, 3, down ? 2 : 1, 1);
}

at::Tensor AdmResample::operator()(const at::Tensor& x) const {
  if (!conv) return resample(x, direction);
  return (*conv)(direction == Resampling::up ? resample(x, direction) : x);
}

AdmResBlock::AdmResBlock(ParameterSource& source, const std::string& name, const Shape& shape, std::uint32_t site)
    : norm_in(group_norm_32(source, name + ".in_layers.0", shape.in)),
      norm_out(group_norm_32(source, name + ".out_layers.0", shape.out)),
      conv_in(source, name + ".in_layers.2", shape.in, shape.out, 3, 1, 1),
      conv_out(source, name + ".out_layers.3", shape.out, shape.out, 3, 1, 1),
      embedding(source.in_float32(), name + ".emb_layers.1", shape.embedding, shape.scale_shift ? 2 * shape.out : shape.out),
      resampling(shape.resampling),
      scale_shift(shape.scale_shift),
      site(site) {
  if (shape.in != shape.out) skip.emplace(source, name + ".skip_connection", shape.in, shape.out, 1, 1, 0);
}

at::Tensor AdmResBlock::operator()(const at::Tensor& x, const at::Tensor& silu_embedding, const DropoutSites& dropout) const {
  const at::Tensor outer = resample(x, resampling);
  at::Tensor h = conv_in(resample(norm_in.then_silu(x), resampling));
  const at::Tensor e = embedding.by_row(silu_embedding);
  if (scale_shift) {
    const auto halves = e.chunk(2, 1);
    h = norm_out.modulated_then_silu(h, halves[0], halves[1]);
  } else {
    h = norm_out.then_silu(h, e);
  }
  return dropout.perturbed(conv_out(dropout.apply(h, site), {.by_pixel = skip ? (*skip)(outer) : outer}), site);
}

at::Tensor attend_to_tokens(const at::Tensor& qkv, int heads, QkvOrder order) {
  const auto batch = qkv.size(0), tokens = qkv.size(1), channels = qkv.size(2) / 3;
  const auto width = channels / heads;
  const at::Tensor split = order == QkvOrder::heads_first ? qkv.view({batch, tokens, heads, 3, width}).permute({3, 0, 2, 1, 4})
                                                          : qkv.view({batch, tokens, 3, heads, width}).permute({2, 0, 3, 1, 4});
  const at::Tensor mixed = attend(split[0], split[1], split[2]);
  return mixed.transpose(1, 2).reshape({batch, tokens, channels});
}

AdmAttention::AdmAttention(ParameterSource& source, const std::string& name, int channels, int heads, QkvOrder order)
    : norm(group_norm_32(source, name + ".norm", channels)),
      qkv(pointwise(source, name + ".qkv", channels, 3 * channels)),
      proj_out(pointwise(source, name + ".proj_out", channels, channels)),
      heads(heads),
      order(order) {}

at::Tensor AdmAttention::operator()(const at::Tensor& x) const {
  const auto batch = x.size(0), channels = x.size(1), height = x.size(2), width = x.size(3);
  const auto out = proj_out(attend_to_tokens(qkv(tokens_of(norm(x))), heads, order));
  return x + out.view({batch, height, width, channels}).permute({0, 3, 1, 2});
}

AdmAttentionPool::AdmAttentionPool(ParameterSource& source, const std::string& name, int channels, int extent, int heads, int out)
    : positional_embedding(source.take(name + ".positional_embedding", {channels, extent * extent + 1}, ParameterRole::matrix)),
      qkv(pointwise(source, name + ".qkv_proj", channels, 3 * channels)),
      proj_out(pointwise(source.in_float32(), name + ".c_proj", channels, out)),
      heads(heads) {}

at::Tensor AdmAttentionPool::operator()(const at::Tensor& x) const {
  const at::Tensor pixels = tokens_of(x);
  const at::Tensor tokens = at::cat({pixels.mean(1, true), pixels}, 1) + positional_embedding.t().to(x.scalar_type());
  // Only the first token's attention is wanted, but that of one query alone depends on a row's place and on threads in the last
  // bits.
  const at::Tensor pooled = attend_to_tokens(qkv(tokens), heads, QkvOrder::qkv_first).select(1, 0);
  return proj_out.by_row(pooled.to(proj_out.dtype()));
}

at::Tensor run_stage(const AdmStage& stage, at::Tensor h, const at::Tensor& silu_embedding, const DropoutSites& dropout) {
  const auto run = [&]<class Layer>(const Layer& layer) {
    if constexpr (std::is_same_v<Layer, AdmResBlock>)
      return layer(h, silu_embedding, dropout);
    else
      return layer(h);
  };
  for (const auto& layer : stage) h = std::visit(run, layer);
  return h;
}

}  // namespace alea::nn
