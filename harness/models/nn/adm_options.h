#pragma once

#include <vector>

#include "core/config.h"

namespace alea::nn {

/// The U-Net of guided-diffusion (arXiv:2105.05233). Width of level i: channel_mult[i] * model_channels; level i is downsampled
/// by 2^i. What weights can't contradict (order of qkv, heads) has no default.
struct AdmUnetOptions {
  int in_channels = 3;
  int out_channels = 6;  ///< twice in_channels where the variance is learned
  int model_channels = 192;
  std::vector<double> channel_mult = {1, 2, 3, 4};
  int num_res_blocks = 3;  ///< a level; one more on the way up
  std::vector<int> attention_resolutions = {2, 4, 8};
  int num_heads = 0;           ///< of every attention, or
  int num_head_channels = 0;   ///< channels of a head: one of the two is positive
  int num_heads_upsample = 0;  ///< 0: num_heads
  bool new_attention_order = false;
  bool scale_shift_norm = true;
  bool resblock_updown = true;
  bool conv_resample = true;  ///< meaningless with resblock_updown
  int num_classes = 0;        ///< 0: without labels
};

/// Its encoder with attention pooling: a classifier of noisy images, p(y | x_t, t).
struct AdmClassifierOptions {
  int image_size = 64;
  int in_channels = 3;
  int n_classes = 1000;
  int model_channels = 128;
  std::vector<double> channel_mult = {1, 2, 3, 4};
  int num_res_blocks = 2;
  std::vector<int> attention_resolutions = {2, 4, 8};
  int num_head_channels = 64;
  bool new_attention_order = false;  ///< of the encoder; the pooling's is always the new one
  bool scale_shift_norm = true;
  bool resblock_updown = true;
  bool conv_resample = true;
};

/// The encoder's share of a classifier's options.
AdmUnetOptions encoder_options(const AdmClassifierOptions& options);

/// `options` themselves; Error{config} when no network can be built of them.
const AdmUnetOptions& checked(const AdmUnetOptions& options);

}  // namespace alea::nn

namespace alea {
template <>
struct Fields<nn::AdmUnetOptions> {
  static auto table() {
    using O = nn::AdmUnetOptions;
    return std::tuple{
        field("in_channels", &O::in_channels, "channels of the network's input").range(1, 1024).required(),
        field("out_channels", &O::out_channels, "in_channels, or twice as many: a learned variance").range(1, 2048).required(),
        field("model_channels", &O::model_channels, "base width, a multiple of 32").range(32, 8192).required(),
        field("channel_mult", &O::channel_mult, "width of each level by model_channels, finest first").range(0, 64).required(),
        field("num_res_blocks", &O::num_res_blocks, "residual blocks a level (one more on the way up)").range(1, 16).required(),
        field("attention_resolutions", &O::attention_resolutions, "downsample factors with attention").range(1, 4096).required(),
        field("num_heads", &O::num_heads, "heads of every attention, or 0: num_head_channels says").range(0, 1024),
        field("num_head_channels", &O::num_head_channels, "channels of a head, or 0: num_heads says").range(0, 8192),
        field("num_heads_upsample", &O::num_heads_upsample, "heads on the way up, 0 = num_heads").range(0, 1024),
        field("new_attention_order", &O::new_attention_order, "channels of qkv: split q, k, v before heads").required(),
        field("scale_shift_norm", &O::scale_shift_norm, "the embedding scales and shifts the second norm instead of being added"),
        field("resblock_updown", &O::resblock_updown, "residual blocks resample"),
        field("conv_resample", &O::conv_resample, "resampling by learned convolutions, without resblock_updown"),
        field("num_classes", &O::num_classes, "classes of the labels, 0 = none").range(0, 1000000).required()};
  }
};

template <>
struct Fields<nn::AdmClassifierOptions> {
  static auto table() {
    using O = nn::AdmClassifierOptions;
    return std::tuple{
        field("image_size", &O::image_size, "height and width of an image").range(1, 4096).required(),
        field("in_channels", &O::in_channels, "channels of an image").range(1, 1024),
        field("n_classes", &O::n_classes, "of the labels").range(2, 1000000),
        field("model_channels", &O::model_channels, "base width, a multiple of 32").range(32, 8192).required(),
        field("channel_mult", &O::channel_mult, "width of each level by model_channels, finest first").range(0, 64).required(),
        field("num_res_blocks", &O::num_res_blocks, "residual blocks a level").range(1, 16).required(),
        field("attention_resolutions", &O::attention_resolutions, "downsample factors with attention").range(1, 4096).required(),
        field("num_head_channels", &O::num_head_channels, "channels of a head").range(1, 8192).required(),
        field("new_attention_order", &O::new_attention_order, "channels of qkv: split q, k, v before heads"),
        field("scale_shift_norm", &O::scale_shift_norm, "the embedding scales and shifts the second norm instead of being added"),
        field("resblock_updown", &O::resblock_updown, "residual blocks resample"),
        field("conv_resample", &O::conv_resample, "resampling by learned convolutions, without resblock_updown")};
  }
};
}  // namespace alea
