#include "models/nn/autoencoder_blocks.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/upsample_nearest2d.h>

namespace alea::nn {
namespace {

constexpr int kNormGroups = 32;
constexpr double kNormEps = 1e-6;

/// A 1x1 convolution as a map of tokens.
Linear pointwise(ParameterSource& source, const std::string& name, int channels) {
  Linear made;
  made.weight = source.take(name + ".weight", {channels, channels, 1, 1}, ParameterRole::matrix).view({channels, channels});
  made.bias = source.take(name + ".bias", {channels}, ParameterRole::bias);
  return made;
}

}  // namespace

GroupNorm autoencoder_norm(ParameterSource& source, const std::string& name, int channels) {
  return GroupNorm(source, name, channels, kNormGroups, kNormEps);
}

AutoencoderResnet::AutoencoderResnet(ParameterSource& source, const std::string& name, int in, int out)
    : norm1(autoencoder_norm(source, name + ".norm1", in)),
      norm2(autoencoder_norm(source, name + ".norm2", out)),
      conv1(source, name + ".conv1", in, out, 3, 1, 1),
      conv2(source, name + ".conv2", out, out, 3, 1, 1),
      has_shortcut(in != out) {
  if (has_shortcut) nin_shortcut = Conv2d(source, name + ".nin_shortcut", in, out, 1, 1, 0);
}

at::Tensor AutoencoderResnet::operator()(const at::Tensor& x) const {
  return conv2(norm2.then_silu(conv1(norm1.then_silu(x))), {.by_pixel = has_shortcut ? nin_shortcut(x) : x});
}

AutoencoderAttention::AutoencoderAttention(ParameterSource& source, const std::string& name, int channels)
    : norm(autoencoder_norm(source, name + ".norm", channels)),
      q(pointwise(source, name + ".q", channels)),
      k(pointwise(source, name + ".k", channels)),
      v(pointwise(source, name + ".v", channels)),
      proj_out(pointwise(source, name + ".proj_out", channels)) {}

at::Tensor AutoencoderAttention::operator()(const at::Tensor& x) const {
  const auto batch = x.size(0), channels = x.size(1), height = x.size(2), width = x.size(3);
  const auto tokens = norm(x).permute({0, 2, 3, 1}).reshape({batch, 1, height * width, channels});
  const auto mixed = proj_out(attend(q(tokens), k(tokens), v(tokens)));
  return x + mixed.reshape({batch, height, width, channels}).permute({0, 3, 1, 2});
}

AutoencoderMiddle::AutoencoderMiddle(ParameterSource& source, const std::string& name, int channels)
    : block_1(source, name + ".block_1", channels, channels),
      block_2(source, name + ".block_2", channels, channels),
      attn_1(source, name + ".attn_1", channels) {}

at::Tensor AutoencoderMiddle::operator()(const at::Tensor& x) const { return block_2(attn_1(block_1(x))); }

at::Tensor halve(const Conv2d& conv, const at::Tensor& x) { return conv(at::constant_pad_nd(x, {0, 1, 0, 1}, 0)); }

at::Tensor twice_as_large(const Conv2d& conv, const at::Tensor& x) {
  return conv(at::upsample_nearest2d(x, at::IntArrayRef{2 * x.size(2), 2 * x.size(3)}));
}

}  // namespace alea::nn
