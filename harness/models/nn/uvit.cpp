#include "models/nn/uvit.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/silu.h>
#include <fmt/ranges.h>

#include "core/error.h"
#include "models/nn/kernels.h"
#include "models/nn/unet.h"

namespace alea::nn {
namespace {

constexpr double kNormEps = 1e-5;

Linear linear(ParameterSource& source, const std::string& name, int in, int out, bool has_bias) {
  if (has_bias) return Linear(source, name, in, out);
  Linear made;
  made.weight = source.take(name + ".weight", {out, in}, ParameterRole::matrix);
  return made;
}

/// layer(x), on the CPU each row in a call of its own: products of a handful of rows take kernels by their number, with other
/// bits.
template <class Layer>
at::Tensor by_row(const Layer& layer, const at::Tensor& x) {
  if (!takes_cpu_kernels(x)) return layer(x);
  std::vector<at::Tensor> rows;
  for (std::int64_t row = 0; row < x.size(0); ++row) rows.push_back(layer(x.narrow(0, row, 1)));
  return at::cat(rows);
}

at::Tensor rows_of(const at::Tensor& table, const at::Tensor& labels) {
  if (table.is_meta()) return at::empty({labels.size(0), table.size(1)}, table.options());
  return at::embedding(table, labels);
}

void check_options(const UvitOptions& options) {
  if (options.img_size % options.patch_size != 0)
    fail(ErrorCode::config, "U-ViT: \"img_size\" {} doesn't divide into patches of {}; the published networks have 2 or 4",
         options.img_size, options.patch_size);
  if (options.embed_dim % options.heads != 0 || options.embed_dim % 2 != 0)
    fail(ErrorCode::config, "U-ViT: \"embed_dim\" {} must be even and divide into {} heads", options.embed_dim, options.heads);
}

std::vector<UvitBlock> blocks(ParameterSource& source, const std::string& name, const UvitOptions& options, bool has_skip) {
  std::vector<UvitBlock> made;
  for (int i = 0; i < options.depth / 2; ++i) made.emplace_back(source, name + "." + std::to_string(i), options, has_skip);
  return made;
}

}  // namespace

TokenNorm::TokenNorm(ParameterSource& source, const std::string& name, int width)
    : scale(source.take(name + ".weight", {width}, ParameterRole::norm_scale)),
      shift(source.take(name + ".bias", {width}, ParameterRole::norm_shift)) {}

at::Tensor TokenNorm::operator()(const at::Tensor& x) const {
  if (x.is_meta()) return at::empty_like(x);
  // The CPU's operator mixes dtypes and takes its statistics in float32; those of other devices want one dtype.
  if (x.is_cpu()) return at::layer_norm(x, {x.size(-1)}, scale, shift, kNormEps);
  return at::layer_norm(x.to(at::kFloat), {x.size(-1)}, scale, shift, kNormEps).to(x.scalar_type());
}

UvitBlock::UvitBlock(ParameterSource& source, const std::string& name, const UvitOptions& options, bool has_skip)
    : heads(options.heads) {
  const int width = options.embed_dim, hidden = static_cast<int>(width * options.mlp_ratio);
  if (has_skip) skip_linear = Linear(source, name + ".skip_linear", 2 * width, width);
  norm1 = TokenNorm(source, name + ".norm1", width);
  qkv = linear(source, name + ".attn.qkv", width, 3 * width, options.qkv_bias);
  proj = Linear(source, name + ".attn.proj", width, width);
  norm2 = TokenNorm(source, name + ".norm2", width);
  fc1 = Linear(source, name + ".mlp.fc1", width, hidden);
  fc2 = Linear(source, name + ".mlp.fc2", hidden, width);
}

at::Tensor UvitBlock::operator()(const at::Tensor& x) const {
  const auto batch = x.size(0), length = x.size(1), width = x.size(2);
  const auto parts = qkv(norm1(x)).view({batch, length, 3, heads, width / heads}).permute({2, 0, 3, 1, 4});
  const auto mixed = attend(parts[0], parts[1], parts[2]).transpose(1, 2).reshape({batch, length, width});
  const auto h = x + proj(mixed);
  return h + fc2(at::gelu(fc1(norm2(h))));
}

at::Tensor UvitBlock::operator()(const at::Tensor& x, const at::Tensor& skip) const {
  return (*this)(skip_linear(at::cat({x, skip}, -1)));
}

at::Tensor unpatchify(const at::Tensor& patches, int grid, int patch_size, int channels) {
  const int side = grid * patch_size;
  return patches.reshape({patches.size(0), grid, grid, patch_size, patch_size, channels})
      .permute({0, 5, 1, 3, 2, 4})
      .reshape({patches.size(0), channels, side, side});
}

Uvit::Uvit(ParameterSource& source, const UvitOptions& options) : options_(options) {
  check_options(options);
  const int width = options.embed_dim, patch = options.patch_size, channels = options.in_channels;
  const int grid = options.img_size / patch, n_extra = options.num_classes > 0 ? 2 : 1;
  patch_embed_ = Conv2d(source.in_float32(), "patch_embed.proj", channels, width, patch, patch, 0);
  if (options.mlp_time_embed) {
    time_1_ = Linear(source.in_float32(), "time_embed.0", width, 4 * width);
    time_2_ = Linear(source.in_float32(), "time_embed.2", 4 * width, width);
  }
  if (options.num_classes > 0)
    label_table_ = source.in_float32().take("label_emb.weight", {options.num_classes, width}, ParameterRole::matrix);
  pos_embed_ = source.in_float32().take("pos_embed", {1, n_extra + grid * grid, width}, ParameterRole::bias);
  in_blocks_ = blocks(source, "in_blocks", options, false);
  mid_block_.emplace_back(source, "mid_block", options, false);
  out_blocks_ = blocks(source, "out_blocks", options, true);
  norm_ = TokenNorm(source, "norm", width);
  decoder_pred_ = Linear(source.in_float32(), "decoder_pred", width, patch * patch * channels);
  if (options.conv) final_layer_ = Conv2d(source.in_float32(), "final_layer", channels, channels, 3, 1, 1);
}

void Uvit::check_inputs(const at::Tensor& x, const at::Tensor& t, const at::Tensor& labels) const {
  const auto side = options_.img_size, channels = options_.in_channels;
  if (x.dim() != 4 || x.size(1) != channels || x.size(2) != side || x.size(3) != side)
    fail(ErrorCode::shape, "U-ViT: expected x [B, {}, {}, {}], found [{}]", channels, side, side, fmt::join(x.sizes(), ", "));
  if (t.dim() != 1 || t.size(0) != x.size(0))
    fail(ErrorCode::shape, "U-ViT: expected t [{}], found [{}]", x.size(0), fmt::join(t.sizes(), ", "));
  check_labels(labels, x.size(0));
}

void Uvit::check_labels(const at::Tensor& labels, std::int64_t batch) const {
  if (labels.defined() != (options_.num_classes > 0))
    fail(ErrorCode::shape, "U-ViT: \"num_classes\" is {}, {}", options_.num_classes,
         labels.defined() ? "it takes no labels" : "give labels [B], or the null label where a row has none");
  if (!labels.defined()) return;
  if (labels.dim() != 1 || labels.size(0) != batch || labels.scalar_type() != at::kLong)
    fail(ErrorCode::shape, "U-ViT: expected labels [{}] of 64-bit integers, found [{}] {}", batch,
         fmt::join(labels.sizes(), ", "), c10::toString(labels.scalar_type()));
  if (!labels.is_cpu()) return;  // other devices would have to be waited for; there torch's own lookup checks
  const auto lowest = labels.min().item<std::int64_t>(), highest = labels.max().item<std::int64_t>();
  if (lowest < 0 || highest >= options_.num_classes)
    fail(ErrorCode::domain, "U-ViT: labels from {} to {}, expected 0 to {}", lowest, highest, options_.num_classes - 1);
}

at::Tensor Uvit::time_token(const at::Tensor& t) const {
  const auto token = timestep_embedding(t, options_.embed_dim, true, 0).to(pos_embed_.scalar_type());
  if (!options_.mlp_time_embed) return token;
  return by_row([&](const at::Tensor& rows) { return time_2_(at::silu(time_1_(rows))); }, token);
}

at::Tensor Uvit::tokens(const at::Tensor& x, const at::Tensor& t, const at::Tensor& labels) const {
  const auto patches = patch_embed_(x.to(pos_embed_.scalar_type())).flatten(2).transpose(1, 2);
  const auto time = time_token(t).unsqueeze(1);
  if (!labels.defined()) return at::cat({time, patches}, 1) + pos_embed_;
  return at::cat({rows_of(label_table_, labels).unsqueeze(1), time, patches}, 1) + pos_embed_;
}

LastLayer Uvit::last_layer() const {
  if (options_.conv) return last_layer_of(final_layer_);
  const at::Tensor weight = decoder_pred_.weight.to(at::kFloat);
  return {weight.view({weight.size(0), weight.size(1), 1, 1}), decoder_pred_.bias.to(at::kFloat), 0, options_.patch_size};
}

at::Tensor Uvit::forward(const at::Tensor& x, const at::Tensor& t, const at::Tensor& labels, at::Tensor* last_layer_input) const {
  check_inputs(x, t, labels);
  at::Tensor h = tokens(x, t, labels).to(mid_block_.front().qkv.dtype());
  std::vector<at::Tensor> skips;
  for (const auto& block : in_blocks_) skips.push_back(h = block(h));
  h = mid_block_.front()(h);
  for (const auto& block : out_blocks_) {
    h = block(h, skips.back());
    skips.pop_back();
  }
  const int grid = options_.img_size / options_.patch_size, n_extra = labels.defined() ? 2 : 1;
  h = norm_(h.slice(1, n_extra).to(decoder_pred_.dtype()));
  const auto image = unpatchify(decoder_pred_(h), grid, options_.patch_size, options_.in_channels);
  if (last_layer_input != nullptr)
    *last_layer_input = (options_.conv ? image : h.transpose(1, 2).reshape({h.size(0), h.size(2), grid, grid})).to(at::kFloat);
  return (options_.conv ? by_row(final_layer_, image) : image).to(at::kFloat);
}

}  // namespace alea::nn
