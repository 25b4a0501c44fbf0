#include "models/nn/classifier.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

namespace alea::nn {

void Classifier::add_layer(ParameterSource& source, int in, int out, int stride, bool norm_input, bool pool_after) {
  const std::string name = "layers." + std::to_string(layers_.size());
  Layer layer;
  layer.conv = Conv2d(source, name + ".conv", in, out, 3, stride, 1);
  layer.norm = GroupNorm(source, name + ".norm", norm_input ? in : out, options_.norm_groups, 1e-5);
  layer.pool_after = pool_after;
  layers_.push_back(std::move(layer));
}

Classifier::Classifier(ParameterSource& source, const ClassifierOptions& options) : options_(options) {
  const auto& widths = options.widths;
  if (widths.size() < 2) fail(ErrorCode::config, "classifier: \"widths\" needs at least 2 entries, found {}", widths.size());
  if (options.kind == "plain") {
    add_layer(source, options.channels, widths.front(), 1, false, true);
    for (std::size_t i = 1; i < widths.size(); ++i) {
      add_layer(source, widths[i - 1], widths[i], 1, false, false);
      add_layer(source, widths[i], widths[i], 1, false, i + 1 < widths.size());
    }
  } else {
    add_layer(source, options.channels, widths.front(), 1, false, true);
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const int in = widths[i > 0 ? i - 1 : 0], stride = i > 0 ? 2 : 1;
      shortcuts_.emplace_back(source, "shortcuts." + std::to_string(i), in, widths[i], 1, stride, 0);
      add_layer(source, in, widths[i], stride, true, false);
      add_layer(source, widths[i], widths[i], 1, true, false);
    }
  }
  head_ = Linear(source, "head", widths.back(), options.n_classes);
}

at::Tensor Classifier::forward_plain(at::Tensor h) const {
  for (const auto& layer : layers_) {
    h = at::relu(layer.norm(layer.conv(h)));
    if (layer.pool_after) h = at::max_pool2d(h, 2);
  }
  return h;
}

at::Tensor Classifier::forward_residual(at::Tensor h) const {
  h = at::max_pool2d(at::relu(layers_[0].norm(layers_[0].conv(h))), 2);
  for (std::size_t i = 0; i < shortcuts_.size(); ++i) {
    const auto& first = layers_[1 + 2 * i];
    const auto& second = layers_[2 + 2 * i];
    const auto inner = second.conv(second.norm.then_silu(first.conv(first.norm.then_silu(h))));
    h = shortcuts_[i](h) + inner;
  }
  return at::relu(h);
}

Classifier::Output Classifier::forward(const at::Tensor& x) const {
  const auto input = x.to(layers_.front().conv.weight.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
  const auto h = options_.kind == "plain" ? forward_plain(input) : forward_residual(input);
  const auto features = h.to(at::kFloat).mean(at::IntArrayRef{2, 3});
  return {features, at::linear(features, head_.weight.to(at::kFloat), head_.bias.to(at::kFloat))};
}

}  // namespace alea::nn
