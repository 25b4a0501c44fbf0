#include "models/nn/autoencoder_kl.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/exp.h>
#include <fmt/ranges.h>

#include "core/error.h"

namespace alea::nn {
namespace {

std::vector<int> level_widths(const AutoencoderOptions& options) {
  if (options.ch_mult.empty() || options.ch_mult.size() > 8)
    fail(ErrorCode::config, "autoencoder: \"ch_mult\" has {} levels, expected 1 to 8", options.ch_mult.size());
  std::vector<int> widths;
  for (const int multiple : options.ch_mult) {
    widths.push_back(options.ch * multiple);
    if (widths.back() <= 0 || widths.back() % 32 != 0)
      fail(ErrorCode::config, "autoencoder: \"ch\" times \"ch_mult\" is {}, expected a multiple of 32, the groups of the norms",
           widths.back());
  }
  return widths;
}

void add_blocks(ParameterSource& source, AutoencoderLevel& level, const std::string& name, int in, int out, int n_blocks) {
  for (int i = 0; i < n_blocks; ++i)
    level.blocks.emplace_back(source, name + ".block." + std::to_string(i), i == 0 ? in : out, out);
}

at::Tensor through(const AutoencoderLevel& level, at::Tensor h) {
  for (const auto& block : level.blocks) h = block(h);
  return h;
}

at::Tensor for_convolution(const at::Tensor& x, const Conv2d& conv) {
  return x.to(conv.dtype()).contiguous(at::MemoryFormat::ChannelsLast);
}

void require_channels(const at::Tensor& x, int channels, int divisor, const char* what) {
  if (x.dim() != 4 || x.size(1) != channels || x.size(2) % divisor != 0 || x.size(3) % divisor != 0 || x.numel() == 0)
    fail(ErrorCode::shape, "autoencoder: expected {} [B, {}, h, w] with h and w divisible by {}, found [{}]", what, channels,
         divisor, fmt::join(x.sizes(), ", "));
}

}  // namespace

LatentMoments latent_moments(const at::Tensor& parameters) {
  const auto channels = parameters.size(1) / 2;
  return {parameters.narrow(1, 0, channels), parameters.narrow(1, channels, channels).clamp(-30, 20)};
}

at::Tensor sample_latents(const LatentMoments& moments, const at::Tensor& noise) {
  return moments.mean + at::exp(0.5 * moments.log_variance) * noise;
}

at::Tensor scale_latents(const at::Tensor& latents, const AutoencoderOptions& options) {
  return (latents - options.shift_factor) * options.scaling_factor;
}

at::Tensor unscale_latents(const at::Tensor& scaled, const AutoencoderOptions& options) {
  return scaled / options.scaling_factor + options.shift_factor;
}

AutoencoderEncoder::AutoencoderEncoder(ParameterSource& source, const AutoencoderOptions& options) {
  const auto widths = level_widths(options);
  conv_in_ = Conv2d(source.in_float32(), "encoder.conv_in", options.in_channels, options.ch, 3, 1, 1);
  int in = options.ch;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::string name = "encoder.down." + std::to_string(i);
    add_blocks(source, down_.emplace_back(), name, in, widths[i], options.num_res_blocks);
    if (i + 1 < widths.size())
      down_.back().resample.emplace_back(source, name + ".downsample.conv", widths[i], widths[i], 3, 2, 0);
    in = widths[i];
  }
  mid_.emplace(source, "encoder.mid", in);
  norm_out_ = autoencoder_norm(source, "encoder.norm_out", in);
  conv_out_ = Conv2d(source.in_float32(), "encoder.conv_out", in, 2 * options.z_channels, 3, 1, 1);
}

at::Tensor AutoencoderEncoder::operator()(const at::Tensor& x) const {
  at::Tensor h = conv_in_(for_convolution(x, conv_in_)).to(mid_->block_1.conv1.dtype());
  for (const auto& level : down_) {
    h = through(level, h);
    for (const auto& conv : level.resample) h = halve(conv, h);
  }
  return conv_out_(norm_out_.then_silu_as((*mid_)(h), conv_out_.dtype()));
}

AutoencoderDecoder::AutoencoderDecoder(ParameterSource& source, const AutoencoderOptions& options) {
  const auto widths = level_widths(options);
  int in = widths.back();
  conv_in_ = Conv2d(source.in_float32(), "decoder.conv_in", options.z_channels, in, 3, 1, 1);
  mid_.emplace(source, "decoder.mid", in);
  for (std::size_t i = widths.size(); i-- > 0;) {
    const std::string name = "decoder.up." + std::to_string(i);
    add_blocks(source, up_.emplace_back(), name, in, widths[i], options.num_res_blocks + 1);
    if (i > 0) up_.back().resample.emplace_back(source, name + ".upsample.conv", widths[i], widths[i], 3, 1, 1);
    in = widths[i];
  }
  norm_out_ = autoencoder_norm(source, "decoder.norm_out", in);
  conv_out_ = Conv2d(source.in_float32(), "decoder.conv_out", in, options.out_channels, 3, 1, 1);
}

at::Tensor AutoencoderDecoder::operator()(const at::Tensor& z) const {
  at::Tensor h = (*mid_)(conv_in_(for_convolution(z, conv_in_)).to(mid_->block_1.conv1.dtype()));
  for (const auto& level : up_) {
    h = through(level, h);
    for (const auto& conv : level.resample) h = twice_as_large(conv, h);
  }
  return conv_out_(norm_out_.then_silu_as(h, conv_out_.dtype())).to(at::kFloat);
}

AutoencoderKl::AutoencoderKl(ParameterSource& source, const AutoencoderOptions& options)
    : options_(options), encoder_(source, options), decoder_(source, options) {
  if (!options.quant_convs) return;
  const int z = options.z_channels;
  quant_conv_ = Conv2d(source.in_float32(), "quant_conv", 2 * z, 2 * z, 1, 1, 0);
  post_quant_conv_ = Conv2d(source.in_float32(), "post_quant_conv", z, z, 1, 1, 0);
}

LatentMoments AutoencoderKl::encode(const at::Tensor& x) const {
  require_channels(x, options_.in_channels, factor(), "images");
  const auto parameters = encoder_(x);
  return latent_moments((options_.quant_convs ? quant_conv_(parameters) : parameters).to(at::kFloat));
}

at::Tensor AutoencoderKl::decode(const at::Tensor& scaled) const {
  require_channels(scaled, options_.z_channels, 1, "latents");
  const auto z = unscale_latents(scaled, options_);
  return decoder_(options_.quant_convs ? post_quant_conv_(for_convolution(z, post_quant_conv_)) : z);
}

at::Tensor AutoencoderKl::decode_tiled(const at::Tensor& scaled, const Tiling& tiling) const {
  require_channels(scaled, options_.z_channels, 1, "latents");
  return blend_tiles(scaled, tiling, factor(), [&](const at::Tensor& tile) { return decode(tile); });
}

}  // namespace alea::nn
