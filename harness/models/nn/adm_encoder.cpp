#include "models/nn/adm_encoder.h"

#include <ATen/ops/silu.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"
#include "models/nn/unet.h"

namespace alea::nn {
namespace {

std::string layer_name(const std::string& stage_name, const AdmStage& stage) {
  return stage_name + "." + std::to_string(stage.size());
}

}  // namespace

AdmUnetOptions encoder_options(const AdmClassifierOptions& options) {
  return {.in_channels = options.in_channels,
          .out_channels = options.in_channels,
          .model_channels = options.model_channels,
          .channel_mult = options.channel_mult,
          .num_res_blocks = options.num_res_blocks,
          .attention_resolutions = options.attention_resolutions,
          .num_head_channels = options.num_head_channels,
          .new_attention_order = options.new_attention_order,
          .scale_shift_norm = options.scale_shift_norm,
          .resblock_updown = options.resblock_updown,
          .conv_resample = options.conv_resample};
}

const AdmUnetOptions& checked(const AdmUnetOptions& options) {
  if (options.channel_mult.empty() || options.channel_mult.size() > 16)
    fail(ErrorCode::config, "ADM: \"channel_mult\" has {} entries, expected 1 to 16: one a level", options.channel_mult.size());
  if ((options.num_heads > 0) == (options.num_head_channels > 0))
    fail(ErrorCode::config, "ADM: num_heads is {} and num_head_channels {}; exactly one of them must be positive",
         options.num_heads, options.num_head_channels);
  if (options.num_heads_upsample > 0 && options.num_heads == 0)
    fail(ErrorCode::config, "ADM: num_heads_upsample is {}, but num_head_channels decides on the heads; leave it out",
         options.num_heads_upsample);
  if (options.out_channels != options.in_channels && options.out_channels != 2 * options.in_channels)
    fail(ErrorCode::config, "ADM: out_channels is {}, expected in_channels ({}) or, with a learned variance, twice as many",
         options.out_channels, options.in_channels);
  const int coarsest = 1 << (options.channel_mult.size() - 1);
  for (const int factor : options.attention_resolutions)
    if (factor > coarsest || (factor & (factor - 1)) != 0)
      fail(ErrorCode::config, "ADM: attention at downsample factor {}, but levels are at powers of two up to {}", factor,
           coarsest);
  for (const double mult : options.channel_mult) {
    const int width = static_cast<int>(mult * options.model_channels);
    if (width <= 0 || width % 32 != 0)
      fail(ErrorCode::config, "ADM: {} x {} = {} channels don't divide into 32 norm groups", mult, options.model_channels, width);
  }
  if (options.model_channels % 2 != 0)
    fail(ErrorCode::config, "ADM: model_channels is {}, expected an even number", options.model_channels);
  return options;
}

int AdmParts::width(std::size_t level) const { return static_cast<int>(options.channel_mult[level] * options.model_channels); }

bool AdmParts::has_attention(std::size_t level) const {
  const auto& factors = options.attention_resolutions;
  return std::find(factors.begin(), factors.end(), 1 << level) != factors.end();
}

void AdmParts::add_res_block(AdmStage& stage, const std::string& name, int in, int out, Resampling resampling) const {
  const std::string layer = layer_name(name, stage);
  const auto site = static_cast<std::uint32_t>(sites_.size());
  sites_.push_back(layer + ".out_layers.2");
  const AdmResBlock::Shape shape{.in = in,
                                 .out = out,
                                 .embedding = 4 * options.model_channels,
                                 .scale_shift = options.scale_shift_norm,
                                 .resampling = resampling};
  stage.emplace_back(std::in_place_type<AdmResBlock>, source, layer, shape, site);
}

void AdmParts::add_attention(AdmStage& stage, const std::string& name, int channels, int num_heads) const {
  const int heads = options.num_head_channels > 0 ? channels / options.num_head_channels : num_heads;
  const bool divides =
      heads > 0 && channels % heads == 0 && (options.num_head_channels == 0 || channels % options.num_head_channels == 0);
  if (!divides)
    fail(ErrorCode::config, "ADM: {} has {} channels, which don't divide into {}", name, channels,
         options.num_head_channels > 0 ? fmt::format("heads of {}", options.num_head_channels) : fmt::format("{} heads", heads));
  const auto order = options.new_attention_order ? QkvOrder::qkv_first : QkvOrder::heads_first;
  stage.emplace_back(std::in_place_type<AdmAttention>, source, layer_name(name, stage), channels, heads, order);
}

void AdmParts::add_resampling(AdmStage& stage, const std::string& name, int channels, Resampling direction) const {
  if (options.resblock_updown)
    add_res_block(stage, name, channels, channels, direction);
  else
    stage.emplace_back(std::in_place_type<AdmResample>, source, layer_name(name, stage), channels, direction,
                       options.conv_resample);
}

AdmEncoder::AdmEncoder(const AdmParts& parts)
    : in_channels_(parts.options.in_channels),
      model_channels_(parts.options.model_channels),
      stride_(std::int64_t{1} << (parts.options.channel_mult.size() - 1)),
      time_1_(parts.source.in_float32(), "time_embed.0", model_channels_, 4 * model_channels_),
      time_2_(parts.source.in_float32(), "time_embed.2", 4 * model_channels_, 4 * model_channels_) {
  const int first = parts.width(0);
  input_.emplace_back().emplace_back(std::in_place_type<Conv2d>, parts.source.in_float32(), "input_blocks.0.0", in_channels_,
                                     first, 3, 1, 1);
  skip_channels_.push_back(first);
  for (std::size_t level = 0; level < parts.options.channel_mult.size(); ++level) add_level(parts, level);
  const int deepest = out_channels();
  parts.add_res_block(middle_, "middle_block", deepest, deepest);
  parts.add_attention(middle_, "middle_block", deepest, parts.options.num_heads);
  parts.add_res_block(middle_, "middle_block", deepest, deepest);
}

std::string AdmEncoder::name_of_last() const { return "input_blocks." + std::to_string(input_.size() - 1); }

void AdmEncoder::add_level(const AdmParts& parts, std::size_t level) {
  const int out = parts.width(level);
  for (int i = 0; i < parts.options.num_res_blocks; ++i) {
    AdmStage& stage = input_.emplace_back();
    parts.add_res_block(stage, name_of_last(), out_channels(), out);
    if (parts.has_attention(level)) parts.add_attention(stage, name_of_last(), out, parts.options.num_heads);
    skip_channels_.push_back(out);
  }
  if (level + 1 == parts.options.channel_mult.size()) return;
  AdmStage& down = input_.emplace_back();
  parts.add_resampling(down, name_of_last(), out, Resampling::down);
  skip_channels_.push_back(out);
}

void AdmEncoder::require_shapes(const at::Tensor& x, const at::Tensor& t) const {
  const bool fits = x.dim() == 4 && x.size(1) == in_channels_ && x.size(2) % stride_ == 0 && x.size(3) % stride_ == 0;
  if (!fits || t.dim() != 1 || t.size(0) != x.size(0))
    fail(ErrorCode::shape, "ADM: expected x [B, {}, H, W], H and W divisible by {}, and t [B]; found x {} and t {}", in_channels_,
         stride_, fmt::join(x.sizes(), " x "), fmt::join(t.sizes(), " x "));
}

at::Tensor AdmEncoder::embed(const at::Tensor& t) const {
  const auto waves = timestep_embedding(t, model_channels_, true, 0).to(time_1_.dtype());
  return time_2_.by_row(at::silu(time_1_.by_row(waves)));
}

at::Tensor AdmEncoder::forward(const at::Tensor& x, const at::Tensor& silu_embedding, const DropoutSites& dropout,
                               std::vector<at::Tensor>* skips) const {
  const auto dtype = std::get<AdmResBlock>(middle_.front()).conv_in.dtype();
  at::Tensor h = x.to(std::get<Conv2d>(input_.front().front()).dtype()).contiguous(at::MemoryFormat::ChannelsLast);
  for (const auto& stage : input_) {
    h = run_stage(stage, h, silu_embedding, dropout).to(dtype);
    if (skips != nullptr) skips->push_back(h);
  }
  return run_stage(middle_, h, silu_embedding, dropout);
}

}  // namespace alea::nn
