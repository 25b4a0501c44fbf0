#include "models/nn/inception.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>

#include "core/error.h"
#include "models/nn/inception_blocks.h"

namespace alea::nn {
namespace {

constexpr int kSpatialChannels = 7;

at::Tensor mean_over_places(const at::Tensor& x) { return x.mean(at::IntArrayRef{2, 3}); }

at::Tensor max_pool(const at::Tensor& x) { return at::max_pool2d(x, 3, 2); }

}  // namespace

struct Inception::Parts {
  Parts(BlockMaker make, ParameterSource& source, const InceptionOptions& options)
      : options(options),
        stem{make.unit("Conv2d_1a_3x3", {3, 32, {3, 3}, 2}), make.unit("Conv2d_2a_3x3", {32, 32, {3, 3}}),
             make.unit("Conv2d_2b_3x3", {32, 64, {3, 3}, 1, {1, 1}})},
        middle{make.unit("Conv2d_3b_1x1", {64, 80}), make.unit("Conv2d_4a_3x3", {80, 192, {3, 3}})},
        mixed_5{make.a("Mixed_5b", 192, 32), make.a("Mixed_5c", 256, 64), make.a("Mixed_5d", 288, 64)},
        mixed_6{make.b("Mixed_6a", 288), make.c("Mixed_6b", 768, 128), make.c("Mixed_6c", 768, 160), make.c("Mixed_6d", 768, 160),
                make.c("Mixed_6e", 768, 192)},
        mixed_7{make.d("Mixed_7a", 768), make.e("Mixed_7b", 1280, Pool::average), make.e("Mixed_7c", 2048, Pool::maximum)},
        fc_weight(source.take("fc.weight", {kInceptionClasses, 2048}, ParameterRole::matrix)),
        fc_bias(source.take("fc.bias", {kInceptionClasses}, ParameterRole::bias)) {}

  InceptionOptions options;
  std::vector<ConvUnit> stem, middle;
  std::vector<MixedBlock> mixed_5, mixed_6, mixed_7;
  at::Tensor fc_weight, fc_bias;
};

Inception::Inception(ParameterSource& source, const InceptionOptions& options) {
  if (options.layer != 64 && options.layer != 192 && options.layer != 768 && options.layer != 2048)
    fail(ErrorCode::config, "inception: expected /layer 64, 192, 768 or 2048, found {}", options.layer);
  parts_ = std::make_unique<Parts>(BlockMaker(source, options.train_mode_batch_norm), source, options);
}

Inception::~Inception() = default;

Inception::Output Inception::forward(const at::Tensor& x) {
  const c10::InferenceMode no_gradients;
  auto& p = *parts_;
  at::Tensor h = x.contiguous(at::MemoryFormat::ChannelsLast);
  for (auto& unit : p.stem) h = unit(h);
  h = max_pool(h);
  if (p.options.layer == 64) return {mean_over_places(h), {}, {}};
  for (auto& unit : p.middle) h = unit(h);
  h = max_pool(h);
  if (p.options.layer == 192) return {mean_over_places(h), {}, {}};
  for (auto& block : p.mixed_5) h = block(h);
  at::Tensor branch;
  for (std::size_t i = 0; i < p.mixed_6.size(); ++i) h = p.mixed_6[i](h, i == 3 ? &branch : nullptr);
  if (p.options.layer == 768) return {mean_over_places(h), {}, {}};
  for (auto& block : p.mixed_7) h = block(h);
  Output out;
  out.features = mean_over_places(h);
  out.logits = at::linear(out.features, p.fc_weight, p.options.logits_bias ? std::optional(p.fc_bias) : std::nullopt);
  out.spatial = branch.narrow(1, 0, kSpatialChannels).permute({0, 2, 3, 1}).reshape({x.size(0), kInceptionSpatialWidth});
  return out;
}

}  // namespace alea::nn
