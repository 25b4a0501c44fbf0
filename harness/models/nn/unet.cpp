#include "models/nn/unet.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace alea::nn {
namespace {

at::Tensor downsample(const Conv2d& conv, const at::Tensor& x, bool symmetric) {
  return conv(symmetric ? x : at::constant_pad_nd(x, {0, 1, 0, 1}, 0));
}

at::Tensor upsample(const Conv2d& conv, const at::Tensor& x) {
  return conv(at::upsample_nearest2d(x, at::IntArrayRef{2 * x.size(2), 2 * x.size(3)}));
}

}  // namespace

at::Tensor timestep_embedding(const at::Tensor& t, int width, bool cos_first, double frequency_shift) {
  const int half = width / 2;
  const auto k = at::arange(half, t.options());
  const auto frequencies = at::exp(k.mul(-std::log(10000.0)).div(half - frequency_shift));
  const auto angles = t.unsqueeze(1) * frequencies.unsqueeze(0);
  return cos_first ? at::cat({at::cos(angles), at::sin(angles)}, 1) : at::cat({at::sin(angles), at::cos(angles)}, 1);
}

ResnetBlock::ResnetBlock(ParameterSource& source, const std::string& name, int in, int out, const UnetOptions& options,
                         std::uint32_t site)
    : norm1(source, name + ".norm1", in, options.norm_groups, options.norm_eps),
      norm2(source, name + ".norm2", out, options.norm_groups, options.norm_eps),
      conv1(source, name + ".conv1", in, out, 3, 1, 1),
      conv2(source, name + ".conv2", out, out, 3, 1, 1),
      time(source.in_float32(), name + ".time_emb_proj", 4 * options.block_channels.front(), out),
      has_shortcut(in != out),
      site(site) {
  if (has_shortcut) shortcut = Conv2d(source, name + ".conv_shortcut", in, out, 1, 1, 0);
}

at::Tensor ResnetBlock::operator()(const at::Tensor& x, const at::Tensor& silu_time, const DropoutSites& dropout) const {
  const at::Tensor h = norm2.then_silu(conv1(norm1.then_silu(x)), time(silu_time));
  return dropout.perturbed(conv2(dropout.apply(h, site), {.by_pixel = has_shortcut ? shortcut(x) : x}), site);
}

Attention::Attention(ParameterSource& source, const std::string& name, int channels, const UnetOptions& options,
                     std::uint32_t site)
    : norm(source, name + ".group_norm", channels, options.norm_groups, options.norm_eps),
      to_q(source, name + ".to_q", channels, channels),
      to_k(source, name + ".to_k", channels, channels),
      to_v(source, name + ".to_v", channels, channels),
      to_out(source, name + ".to_out.0", channels, channels),
      heads(options.attention_head_width == 0 ? 1 : channels / options.attention_head_width),
      site(site) {}

at::Tensor Attention::operator()(const at::Tensor& x, const DropoutSites& dropout) const {
  const auto batch = x.size(0), channels = x.size(1), height = x.size(2), width = x.size(3);
  const auto tokens = norm(x).permute({0, 2, 3, 1}).reshape({batch, height * width, channels});
  const auto split = [&](const at::Tensor& y) {
    return y.view({batch, height * width, heads, channels / heads}).transpose(1, 2);
  };
  const auto mixed = attend(split(to_q(tokens)), split(to_k(tokens)), split(to_v(tokens)));
  const auto joined = mixed.transpose(1, 2).reshape({batch, height * width, channels});
  const auto out = dropout.apply(to_out(joined), site, true);
  return x + out.reshape({batch, height, width, channels}).permute({0, 3, 1, 2});
}

std::uint32_t Unet::new_site(const std::string& name) {
  sites_.push_back(name);
  return static_cast<std::uint32_t>(sites_.size() - 1);
}

void Unet::add_layer(ParameterSource& source, Level& made, const std::string& name, int in, int level) {
  const int out = options_.block_channels[level];
  const std::string index = "." + std::to_string(made.resnets.size());
  const std::string resnet = name + ".resnets" + index, attention = name + ".attentions" + index;
  made.resnets.emplace_back(source, resnet, in, out, options_, new_site(resnet + ".dropout"));
  if (options_.attention[level])
    made.attentions.emplace_back(source, attention, out, options_, new_site(attention + ".to_out.1"));
}

Level Unet::down_level(ParameterSource& source, int level) {
  const std::string name = "down_blocks." + std::to_string(level);
  const int out = options_.block_channels[level];
  Level made;
  for (int i = 0; i < options_.layers_per_block; ++i) add_layer(source, made, name, i > 0 ? out : channels_above(level), level);
  if (level < last_level())
    made.resample.emplace_back(source, name + ".downsamplers.0.conv", out, out, 3, 2, options_.symmetric_downsample ? 1 : 0);
  return made;
}

Level Unet::up_level(ParameterSource& source, int level) {
  const std::string name = "up_blocks." + std::to_string(last_level() - level);
  const int out = options_.block_channels[level], below = options_.block_channels[std::min(level + 1, last_level())];
  Level made;
  for (int i = 0; i <= options_.layers_per_block; ++i) {
    const int skip = i == options_.layers_per_block ? channels_above(level) : out;
    add_layer(source, made, name, (i == 0 ? below : out) + skip, level);
  }
  if (level > 0) made.resample.emplace_back(source, name + ".upsamplers.0.conv", out, out, 3, 1, 1);
  return made;
}

Unet::Unet(ParameterSource& source, const UnetOptions& options) : options_(options) {
  const auto& channels = options.block_channels;
  if (channels.empty() || channels.size() != options.attention.size())
    fail(ErrorCode::config, "U-Net: \"block_channels\" has {} entries and \"attention\" {}; they must agree and not be empty",
         channels.size(), options.attention.size());
  for (int width : channels)
    if (width <= 0 || width % options.norm_groups != 0)
      fail(ErrorCode::config, "U-Net: {} channels don't divide into {} norm groups", width, options.norm_groups);
  const int levels = static_cast<int>(channels.size()), time_width = 4 * channels.front(), deepest = channels.back();
  conv_in_ = Conv2d(source.in_float32(), "conv_in", options.in_channels, channels.front(), 3, 1, 1);
  time_1_ = Linear(source.in_float32(), "time_embedding.linear_1", channels.front(), time_width);
  time_2_ = Linear(source.in_float32(), "time_embedding.linear_2", time_width, time_width);
  for (int level = 0; level < levels; ++level) down_.push_back(down_level(source, level));
  Level middle;
  middle.resnets.emplace_back(source, "mid_block.resnets.0", deepest, deepest, options, new_site("mid_block.resnets.0.dropout"));
  middle.attentions.emplace_back(source, "mid_block.attentions.0", deepest, options, new_site("mid_block.attentions.0.to_out.1"));
  middle.resnets.emplace_back(source, "mid_block.resnets.1", deepest, deepest, options, new_site("mid_block.resnets.1.dropout"));
  middle_.push_back(std::move(middle));
  for (int level = levels - 1; level >= 0; --level) up_.push_back(up_level(source, level));
  norm_out_ = GroupNorm(source, "conv_norm_out", channels.front(), options.norm_groups, options.norm_eps);
  conv_out_ = Conv2d(source.in_float32(), "conv_out", channels.front(), options.out_channels, 3, 1, 1);
}

at::Tensor Unet::forward(const at::Tensor& x, const at::Tensor& t, const DropoutSites& dropout,
                         at::Tensor* last_layer_input) const {
  const auto embedding = timestep_embedding(t, options_.block_channels.front(), options_.cos_first, options_.frequency_shift);
  const auto silu_time = at::silu(time_2_(at::silu(time_1_(embedding.to(time_1_.dtype())))));
  at::Tensor h = conv_in_(x.to(conv_in_.dtype()).contiguous(at::MemoryFormat::ChannelsLast));
  // From here on the residual stream is rounded as activations are: in float32 it takes a quarter of the error away at most,
  // since convolutions see rounded numbers either way, and costs 8% of the speed.
  h = h.to(down_.front().resnets.front().conv1.dtype());
  std::vector<at::Tensor> skips{h};
  for (const auto& level : down_) {
    for (std::size_t i = 0; i < level.resnets.size(); ++i) {
      h = level.resnets[i](h, silu_time, dropout);
      if (!level.attentions.empty()) h = level.attentions[i](h, dropout);
      skips.push_back(h);
    }
    for (const auto& conv : level.resample) skips.push_back(h = downsample(conv, h, options_.symmetric_downsample));
  }
  const auto& middle = middle_.front();
  h = middle.resnets[1](middle.attentions[0](middle.resnets[0](h, silu_time, dropout), dropout), silu_time, dropout);
  for (const auto& level : up_) {
    for (std::size_t i = 0; i < level.resnets.size(); ++i) {
      h = level.resnets[i](at::cat({h, skips.back()}, 1), silu_time, dropout);
      skips.pop_back();
      if (!level.attentions.empty()) h = level.attentions[i](h, dropout);
    }
    for (const auto& conv : level.resample) h = upsample(conv, h);
  }
  h = norm_out_.then_silu_as(h, conv_out_.dtype());
  if (last_layer_input != nullptr) *last_layer_input = h.to(at::kFloat);
  return conv_out_(h).to(x.scalar_type());
}

}  // namespace alea::nn
