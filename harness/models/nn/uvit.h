#pragma once

#include <string>
#include <vector>

#include "core/config.h"
#include "models/nn/layers.h"

namespace alea::nn {

/// U-ViT (arXiv:2209.12152): a vision transformer with long skips and all conditions as tokens. The defaults are the published
/// U-ViT-H/2 for ImageNet 256x256 in the latents of an autoencoder.
struct UvitOptions {
  int img_size = 32;  ///< of the latents
  int patch_size = 2;
  int in_channels = 4;
  int embed_dim = 1152;
  int depth = 28;  ///< depth / 2 blocks on either side of the middle one
  int heads = 16;
  double mlp_ratio = 4;
  bool qkv_bias = false;
  int num_classes = 1001;       ///< rows of the label table, its null label among them; 0: no labels
  bool mlp_time_embed = false;  ///< a two-layer perceptron on the time token
  bool conv = false;            ///< a 3x3 convolution behind the patches
};

/// Layer norm over the last axis, statistics in float32 whatever the dtype of x.
struct TokenNorm {
  at::Tensor scale, shift;
  TokenNorm() = default;
  TokenNorm(ParameterSource& source, const std::string& name, int width);
  at::Tensor operator()(const at::Tensor& x) const;
};

/// x += attention(norm1(x)); x += mlp(norm2(x)) on tokens [B, L, D], before that x = skip_linear([x, skip]) where there is a
/// skip.
struct UvitBlock {
  Linear skip_linear, qkv, proj, fc1, fc2;
  TokenNorm norm1, norm2;
  int heads = 1;
  UvitBlock(ParameterSource& source, const std::string& name, const UvitOptions& options, bool has_skip);
  at::Tensor operator()(const at::Tensor& x) const;
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& skip) const;
};

/// [B, h * w, p * p * C], channel fastest, then column and row inside the patch -> [B, C, h * p, w * p].
at::Tensor unpatchify(const at::Tensor& patches, int grid, int patch_size, int channels);

class Uvit {
 public:
  /// Takes its parameters by the published names. The blocks' matrices decide the compute dtype; norms, embeddings and what
  /// follows the last block are in float32 (ParameterSource::in_float32). Error{config} where sizes don't divide.
  Uvit(ParameterSource& source, const UvitOptions& options);

  /// The noise in x: [B, C, H, W] float32 from x of that shape, t [B] float32 as the network wants it (the published ones were
  /// trained with 1..1000, fractions allowed) and labels [B] int64 in [0, num_classes), undefined where num_classes is 0.
  /// Error{shape} for anything else, Error{domain} for a label outside.
  /// `last_layer_input`, where one is given, becomes what last_layer() takes.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& t, const at::Tensor& labels,
                     at::Tensor* last_layer_input = nullptr) const;
  /// The convolution behind the patches or, without one, what makes the patches of tokens.
  LastLayer last_layer() const;

 private:
  void check_inputs(const at::Tensor& x, const at::Tensor& t, const at::Tensor& labels) const;
  void check_labels(const at::Tensor& labels, std::int64_t batch) const;
  at::Tensor time_token(const at::Tensor& t) const;
  at::Tensor tokens(const at::Tensor& x, const at::Tensor& t, const at::Tensor& labels) const;

  UvitOptions options_;
  Conv2d patch_embed_, final_layer_;
  Linear time_1_, time_2_, decoder_pred_;
  at::Tensor label_table_, pos_embed_;
  std::vector<UvitBlock> in_blocks_, mid_block_, out_blocks_;
  TokenNorm norm_;
};

}  // namespace alea::nn

namespace alea {
template <>
struct Fields<nn::UvitOptions> {
  static auto table() {
    using O = nn::UvitOptions;
    return std::tuple{field("img_size", &O::img_size, "height and width of the network's space").range(1, 4096).required(),
                      field("patch_size", &O::patch_size, "height and width of a token's patch").range(1, 256).required(),
                      field("in_channels", &O::in_channels, "channels of the network's space").range(1, 1024).required(),
                      field("embed_dim", &O::embed_dim, "width of a token").range(2, 65536).required(),
                      field("depth", &O::depth, "blocks: depth/2, a middle one, depth/2 with skips").range(2, 1000).required(),
                      field("heads", &O::heads, "attention heads").range(1, 1024).required(),
                      field("mlp_ratio", &O::mlp_ratio, "hidden width of a block's perceptron over embed_dim").range(0.01, 64),
                      field("qkv_bias", &O::qkv_bias, "a bias for queries, keys and values"),
                      field("num_classes", &O::num_classes, "rows of the label table, its null label among them; 0 = no labels")
                          .range(0, 1000000)
                          .required(),
                      field("mlp_time_embed", &O::mlp_time_embed, "a two-layer perceptron on the time token"),
                      field("conv", &O::conv, "a 3x3 convolution behind the patches")};
  }
};
}  // namespace alea
