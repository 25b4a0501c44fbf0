#include "models/nn/adm_unet.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/silu.h>
#include <fmt/ranges.h>

#include "core/error.h"

namespace alea::nn {
namespace {

void require_labels(const at::Tensor& labels, std::int64_t batch, int num_classes) {
  if (labels.defined() != (num_classes > 0))
    fail(ErrorCode::shape, "ADM: the network has {} classes, so labels must {}be given", num_classes,
         num_classes > 0 ? "" : "not ");
  if (!labels.defined()) return;
  if (labels.dim() != 1 || labels.size(0) != batch || labels.scalar_type() != at::kLong)
    fail(ErrorCode::shape, "ADM: expected labels [{}] of 64-bit integers, found [{}]", batch, fmt::join(labels.sizes(), ", "));
  if (!labels.is_cpu() || batch == 0) return;  // other devices would have to be waited for; there torch's own lookup checks
  const auto least = labels.min().item<std::int64_t>(), most = labels.max().item<std::int64_t>();
  if (least < 0 || most >= num_classes)
    fail(ErrorCode::domain, "ADM: labels from {} to {}, but the network has classes 0 to {}", least, most, num_classes - 1);
}

}  // namespace

AdmUnet::AdmUnet(ParameterSource& source, const AdmUnetOptions& options)
    : options_(checked(options)), encoder_(AdmParts(source, options_, sites_)) {
  if (options.num_classes > 0)
    label_embedding_ =
        source.in_float32().take("label_emb.weight", {options.num_classes, 4 * options.model_channels}, ParameterRole::matrix);
  const AdmParts parts(source, options_, sites_);
  auto skips = encoder_.skip_channels();
  int channels = encoder_.out_channels();
  for (std::size_t level = options.channel_mult.size(); level-- > 0;)
    for (int i = 0; i <= options.num_res_blocks; ++i) {
      add_output_block(parts, level, channels + skips.back(), i == options.num_res_blocks);
      skips.pop_back();
      channels = parts.width(level);
    }
  norm_out_ = GroupNorm(source, "out.0", channels, 32, 1e-5);
  conv_out_ = Conv2d(source.in_float32(), "out.2", channels, options.out_channels, 3, 1, 1);
}

void AdmUnet::add_output_block(const AdmParts& parts, std::size_t level, int in, bool is_last_of_level) {
  const std::string name = "output_blocks." + std::to_string(output_.size());
  const int out = parts.width(level);
  AdmStage& stage = output_.emplace_back();
  parts.add_res_block(stage, name, in, out);
  const int heads = options_.num_heads_upsample > 0 ? options_.num_heads_upsample : options_.num_heads;
  if (parts.has_attention(level)) parts.add_attention(stage, name, out, heads);
  if (is_last_of_level && level > 0) parts.add_resampling(stage, name, out, Resampling::up);
}

at::Tensor AdmUnet::embed(const at::Tensor& t, const at::Tensor& labels) const {
  const at::Tensor time = encoder_.embed(t);
  if (!label_embedding_.defined() || t.is_meta()) return time;
  return time + at::index_select(label_embedding_, 0, labels).to(time.scalar_type());
}

at::Tensor AdmUnet::forward(const at::Tensor& x, const at::Tensor& t, const at::Tensor& labels, const DropoutSites& dropout,
                            at::Tensor* last_layer_input) const {
  encoder_.require_shapes(x, t);
  require_labels(labels, x.size(0), options_.num_classes);
  const at::Tensor silu_embedding = at::silu(embed(t, labels));
  std::vector<at::Tensor> skips;
  at::Tensor h = encoder_.forward(x, silu_embedding, dropout, &skips);
  for (const auto& stage : output_) {
    h = run_stage(stage, at::cat({h, skips.back()}, 1), silu_embedding, dropout);
    skips.pop_back();
  }
  h = norm_out_.then_silu_as(h, conv_out_.dtype());
  if (last_layer_input != nullptr) *last_layer_input = h.to(at::kFloat);
  return conv_out_(h).to(at::kFloat);
}

}  // namespace alea::nn
