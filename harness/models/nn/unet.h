#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/config.h"
#include "models/nn/layers.h"

namespace alea::nn {

/// The DDPM U-Net (arXiv:2006.11239) with the keys, layout and conventions of google/ddpm-cifar10-32.
struct UnetOptions {
  int in_channels = 3;
  int out_channels = 3;
  std::vector<int> block_channels = {128, 256, 256, 256};
  std::vector<bool> attention = {false, true, false, false};  ///< by resolution, finest first
  int layers_per_block = 2;                                   ///< one more on the way up
  int norm_groups = 32;
  double norm_eps = 1e-6;
  int attention_head_width = 0;       ///< 0: one head
  bool symmetric_downsample = false;  ///< padding 1 instead of (0, 1, 0, 1)
  bool cos_first = false;             ///< time embedding as (cos, sin) instead of (sin, cos)
  double frequency_shift = 1;         ///< exponent -ln(1e4) k / (half - shift)
};

struct ResnetBlock {
  GroupNorm norm1, norm2;
  Conv2d conv1, conv2, shortcut;
  Linear time;
  bool has_shortcut = false;
  std::uint32_t site = 0;
  ResnetBlock(ParameterSource& source, const std::string& name, int in, int out, const UnetOptions& options, std::uint32_t site);
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& silu_time, const DropoutSites& dropout) const;
};

/// Self-attention over pixels with 4-D attention calls (3-D ones aren't bit-equal across batch splits).
struct Attention {
  GroupNorm norm;
  Linear to_q, to_k, to_v, to_out;
  int heads = 1;
  std::uint32_t site = 0;
  Attention(ParameterSource& source, const std::string& name, int channels, const UnetOptions& options, std::uint32_t site);
  at::Tensor operator()(const at::Tensor& x, const DropoutSites& dropout) const;
};

struct Level {
  std::vector<ResnetBlock> resnets;
  std::vector<Attention> attentions;  ///< empty, or one a resnet
  std::vector<Conv2d> resample;       ///< empty on the last level
};

/// [sin(t f_k), cos(t f_k)] (or cos first), f_k = exp(-ln(1e4) k / (half - shift)): [B, width] float32 from t [B].
at::Tensor timestep_embedding(const at::Tensor& t, int width, bool cos_first, double frequency_shift);

class Unet {
 public:
  /// Takes its parameters by name. The residual blocks' convolutions decide the compute dtype; norms, time embedding, first and
  /// last convolution are in float32 (ParameterSource::in_float32).
  Unet(ParameterSource& source, const UnetOptions& options);

  /// x [B, in, H, W], t [B] float32 -> [B, out, H, W] of x's dtype. H and W divisible by 2^(levels-1). `last_layer_input`, where
  /// one is given, becomes what last_layer() takes.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& t, const DropoutSites& dropout,
                     at::Tensor* last_layer_input = nullptr) const;
  LastLayer last_layer() const { return last_layer_of(conv_out_); }

  /// Names by site number: every resnet's dropout, then every attention's output dropout, in order of evaluation.
  const std::vector<std::string>& dropout_sites() const { return sites_; }

 private:
  std::uint32_t new_site(const std::string& name);
  void add_layer(ParameterSource& source, Level& made, const std::string& name, int in, int level);
  int last_level() const { return static_cast<int>(options_.block_channels.size()) - 1; }
  int channels_above(int level) const { return options_.block_channels[std::max(level - 1, 0)]; }
  Level down_level(ParameterSource& source, int level);
  Level up_level(ParameterSource& source, int level);

  UnetOptions options_;
  std::vector<std::string> sites_;
  Conv2d conv_in_, conv_out_;
  Linear time_1_, time_2_;
  std::vector<Level> down_, middle_, up_;
  GroupNorm norm_out_;
};

}  // namespace alea::nn

namespace alea {
template <>
struct Fields<nn::UnetOptions> {
  static auto table() {
    using O = nn::UnetOptions;
    return std::tuple{
        field("in_channels", &O::in_channels, "channels of the network's input").range(1, 1024).required(),
        field("out_channels", &O::out_channels, "channels of the predicted noise").range(1, 1024).required(),
        field("block_channels", &O::block_channels, "channels by resolution, finest first").required(),
        field("attention", &O::attention, "self-attention by resolution, finest first").required(),
        field("layers_per_block", &O::layers_per_block, "ResNet blocks a resolution (one more on the way up)").range(1, 8),
        field("norm_groups", &O::norm_groups, "groups of every group norm").range(1, 1024),
        field("norm_eps", &O::norm_eps, "epsilon of every group norm").range(0, 1),
        field("attention_head_width", &O::attention_head_width, "channels of an attention head, 0 = one head").range(0, 4096),
        field("symmetric_downsample", &O::symmetric_downsample, "pad by 1 on all sides instead of right and below"),
        field("cos_first", &O::cos_first, "time embedding as (cos, sin) instead of (sin, cos)"),
        field("frequency_shift", &O::frequency_shift, "frequencies exp(-ln(1e4) k / (half - shift))").range(0, 1)};
  }
};
}  // namespace alea
