#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/nn/layers.h"

namespace alea::nn {

/// A convolution over tokens: published weights [out, in, 1], kept as [out, in].
Linear pointwise(ParameterSource& source, const std::string& name, int in, int out);

enum class Resampling { none, down, up };

/// Down: 2x2 averages, or a strided 3x3 convolution. Up: nearest neighbours, then perhaps a 3x3 convolution.
struct AdmResample {
  Resampling direction = Resampling::none;
  std::optional<Conv2d> conv;
  AdmResample(ParameterSource& source, const std::string& name, int channels, Resampling direction, bool with_conv);
  at::Tensor operator()(const at::Tensor& x) const;
};

/// The residual block of arXiv:2105.05233 (BigGAN's when it resamples: both branches, the inner one before its first
/// convolution). The embedding scales and shifts the second norm, or is added before it.
struct AdmResBlock {
  GroupNorm norm_in, norm_out;
  Conv2d conv_in, conv_out;
  std::optional<Conv2d> skip;
  Linear embedding;
  Resampling resampling = Resampling::none;
  bool scale_shift = true;
  std::uint32_t site = 0;
  struct Shape {
    int in = 0, out = 0, embedding = 0;
    bool scale_shift = true;
    Resampling resampling = Resampling::none;
  };
  AdmResBlock(ParameterSource& source, const std::string& name, const Shape& shape, std::uint32_t site);
  /// x [B, in, H, W], silu_embedding [B, embedding].
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& silu_embedding, const DropoutSites& dropout) const;
};

/// How the channels of qkv lie: q, k and v within each head (published as "legacy"), or heads within each of q, k and v ("new").
/// Weights of one order load into the other without a complaint.
enum class QkvOrder { heads_first, qkv_first };

/// [B, T, 3C] -> softmax(q k^T / sqrt(C / heads)) v, [B, T, C].
at::Tensor attend_to_tokens(const at::Tensor& qkv, int heads, QkvOrder order);

/// x + proj_out(attention(norm(x))) over pixels.
struct AdmAttention {
  GroupNorm norm;
  Linear qkv, proj_out;
  int heads = 1;
  QkvOrder order = QkvOrder::heads_first;
  AdmAttention(ParameterSource& source, const std::string& name, int channels, int heads, QkvOrder order);
  at::Tensor operator()(const at::Tensor& x) const;
};

/// CLIP's pooling: the mean is a token of its own before all pixels, and its attention is the answer.
struct AdmAttentionPool {
  at::Tensor positional_embedding;  ///< [channels, extent^2 + 1]
  Linear qkv, proj_out;
  int heads = 1;
  AdmAttentionPool() = default;
  AdmAttentionPool(ParameterSource& source, const std::string& name, int channels, int extent, int heads, int out);
  /// [B, channels, extent, extent] -> [B, out] float32.
  at::Tensor operator()(const at::Tensor& x) const;
};

/// One entry of input_blocks, middle_block or output_blocks: layer i is "NAME.i".
using AdmLayer = std::variant<Conv2d, AdmResBlock, AdmAttention, AdmResample>;
using AdmStage = std::vector<AdmLayer>;
at::Tensor run_stage(const AdmStage& stage, at::Tensor h, const at::Tensor& silu_embedding, const DropoutSites& dropout);

}  // namespace alea::nn
