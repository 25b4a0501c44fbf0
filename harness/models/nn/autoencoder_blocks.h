#pragma once

#include <string>
#include <vector>

#include "models/nn/layers.h"

namespace alea::nn {

/// x + conv2(silu(norm2(conv1(silu(norm1(x)))))), a 1x1 convolution on x where widths differ. Group norms have 32 groups, eps
/// 1e-6.
struct AutoencoderResnet {
  GroupNorm norm1, norm2;
  Conv2d conv1, conv2, nin_shortcut;
  bool has_shortcut = false;
  AutoencoderResnet(ParameterSource& source, const std::string& name, int in, int out);
  at::Tensor operator()(const at::Tensor& x) const;
};

/// x + proj_out(attention(q, k, v of norm(x))): one head over all pixels. Weights of the four maps are [C, C, 1, 1] by name.
struct AutoencoderAttention {
  GroupNorm norm;
  Linear q, k, v, proj_out;
  AutoencoderAttention(ParameterSource& source, const std::string& name, int channels);
  at::Tensor operator()(const at::Tensor& x) const;
};

struct AutoencoderMiddle {
  AutoencoderResnet block_1, block_2;
  AutoencoderAttention attn_1;
  AutoencoderMiddle(ParameterSource& source, const std::string& name, int channels);
  at::Tensor operator()(const at::Tensor& x) const;
};

struct AutoencoderLevel {
  std::vector<AutoencoderResnet> blocks;
  std::vector<Conv2d> resample;  ///< empty where the extent stays
};

GroupNorm autoencoder_norm(ParameterSource& source, const std::string& name, int channels);

/// 3x3 of stride 2, padded by 1 on the right and below only.
at::Tensor halve(const Conv2d& conv, const at::Tensor& x);

/// Nearest neighbour, then a 3x3 convolution.
at::Tensor twice_as_large(const Conv2d& conv, const at::Tensor& x);

}  // namespace alea::nn
