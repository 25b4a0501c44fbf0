#pragma once

#include <optional>
#include <vector>

#include "core/config.h"
#include "models/nn/autoencoder_blocks.h"
#include "models/nn/tiled_decoding.h"

namespace alea::nn {

/// The KL autoencoder of latent diffusion (arXiv:2112.10752) with attention in the middle only. The defaults are the published
/// f8 one of 4 channels. A level halves height and width, the last one doesn't.
struct AutoencoderOptions {
  int in_channels = 3;
  int out_channels = 3;
  int ch = 128;
  std::vector<int> ch_mult = {1, 2, 4, 4};  ///< widths over ch, finest first
  int num_res_blocks = 2;                   ///< one more on the way up
  int z_channels = 4;
  double scaling_factor = 0.18215;
  double shift_factor = 0;
  bool quant_convs = true;  ///< 1x1 convolutions on both sides of the latents
};

/// Mean and log variance of a diagonal normal over latents, each [B, z, h, w]; the log variance within [-30, 20].
struct LatentMoments {
  at::Tensor mean, log_variance;
};

/// [B, 2 z, h, w], means first.
LatentMoments latent_moments(const at::Tensor& parameters);
/// mean + exp(log_variance / 2) noise (arXiv:1312.6114 §2.4).
at::Tensor sample_latents(const LatentMoments& moments, const at::Tensor& noise);
/// What the diffusion model sees, (latents - shift) scale, and back.
at::Tensor scale_latents(const at::Tensor& latents, const AutoencoderOptions& options);
at::Tensor unscale_latents(const at::Tensor& scaled, const AutoencoderOptions& options);

/// Error{config} for levels or widths that can't be built. The blocks compute in the dtype of their convolutions, the
/// convolutions at both ends in float32.
class AutoencoderEncoder {
 public:
  AutoencoderEncoder(ParameterSource& source, const AutoencoderOptions& options);
  /// x [B, in, H, W] float32 in [-1, 1], H and W divisible by 2^(levels - 1) -> [B, 2 z, h, w] float32.
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  Conv2d conv_in_, conv_out_;
  std::vector<AutoencoderLevel> down_;
  std::optional<AutoencoderMiddle> mid_;
  GroupNorm norm_out_;
};

class AutoencoderDecoder {
 public:
  AutoencoderDecoder(ParameterSource& source, const AutoencoderOptions& options);
  /// z [B, z, h, w] float32 -> [B, out, H, W] float32, in [-1, 1] but for over- and undershoots.
  at::Tensor operator()(const at::Tensor& z) const;

 private:
  Conv2d conv_in_, conv_out_;
  std::vector<AutoencoderLevel> up_;  ///< coarsest first
  std::optional<AutoencoderMiddle> mid_;
  GroupNorm norm_out_;
};

/// Both halves, parameters by the names of latent diffusion's checkpoints; ldm_name() translates diffusers' names.
class AutoencoderKl {
 public:
  AutoencoderKl(ParameterSource& source, const AutoencoderOptions& options);

  /// Of unscaled latents. Error{shape} unless x is [B, in, H, W] with H and W divisible by factor().
  LatentMoments encode(const at::Tensor& x) const;

  /// From scaled latents [B, z, h, w], what the diffusion model makes, to images [B, out, H, W] float32. Error{shape}.
  at::Tensor decode(const at::Tensor& scaled) const;

  /// The same tile by tile, so that memory is that of one tile and of the image. Tiles have norms and attention of their own: the
  /// image is another one, close where the tile is large. Equal to decode() to the bit where one tile holds all.
  at::Tensor decode_tiled(const at::Tensor& scaled, const Tiling& tiling) const;

  int factor() const { return 1 << (options_.ch_mult.size() - 1); }  ///< pixels a latent, in height and in width
  const AutoencoderOptions& options() const { return options_; }

 private:
  AutoencoderOptions options_;
  AutoencoderEncoder encoder_;
  AutoencoderDecoder decoder_;
  Conv2d quant_conv_, post_quant_conv_;
};

/// A parameter's name in latent diffusion's checkpoints from that in diffusers' AutoencoderKL of so many levels, attention under
/// its new names (to_q) or its legacy ones (query). Other names, and so files that are in LDM's already, pass unchanged.
std::string ldm_name(std::string name, int n_levels);
/// The shape that goes with it: [C, C, 1, 1] of attention's matrices [C, C]; others pass unchanged.
std::vector<std::int64_t> ldm_shape(const std::string& ldm_name, std::vector<std::int64_t> shape);

}  // namespace alea::nn

namespace alea {
template <>
struct Fields<nn::AutoencoderOptions> {
  static auto table() {
    using O = nn::AutoencoderOptions;
    return std::tuple{
        field("in_channels", &O::in_channels, "channels of the encoded image").range(1, 1024),
        field("out_channels", &O::out_channels, "channels of the decoded image").range(1, 1024),
        field("ch", &O::ch, "channels of the finest level over its multiple").range(32, 4096),
        field("ch_mult", &O::ch_mult, "channels by resolution over ch, finest first").range(1, 64),
        field("num_res_blocks", &O::num_res_blocks, "ResNet blocks a resolution (one more on the way up)").range(1, 8),
        field("z_channels", &O::z_channels, "channels of the latents").range(1, 1024),
        field("scaling_factor", &O::scaling_factor, "latents of the diffusion model are (z - shift) scale").range(1e-6, 1e6),
        field("shift_factor", &O::shift_factor, "see scaling_factor").range(-1e6, 1e6),
        field("quant_convs", &O::quant_convs, "1x1 convolutions on both sides of the latents")};
  }
};
}  // namespace alea
