#include "models/nn/vgg16.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>

#include <array>

#include "models/nn/fused_conv.h"
#include "models/nn/layers.h"

namespace alea::nn {
namespace {

/// Output channels of the convolutions, by stage; each stage ends with a 2x2 max pool.
constexpr std::array<std::array<int, 3>, 5> kStages = {
    {{64, 64, 0}, {128, 128, 0}, {256, 256, 256}, {512, 512, 512}, {512, 512, 512}}};
constexpr int kPooledSide = 7;

}  // namespace

struct Vgg16::Parts {
  explicit Parts(ParameterSource& source) {
    int in = 3, index = 0;  // torchvision numbers convolutions, ReLUs and pools alike
    for (const auto& widths : kStages) {
      stages.emplace_back();
      for (const int out : widths) {
        if (out == 0) continue;
        const std::string name = "features." + std::to_string(index);
        const at::Tensor weight = source.take(name + ".weight", {out, in, 3, 3}, ParameterRole::matrix);
        stages.back().emplace_back(weight, source.take(name + ".bias", {out}, ParameterRole::bias), 1, Extent2d{1, 1});
        in = out;
        index += 2;
      }
      ++index;
    }
    fc1 = Linear(source, "classifier.0", in * kPooledSide * kPooledSide, kVgg16Width);
    fc2 = Linear(source, "classifier.3", kVgg16Width, kVgg16Width);
  }
  std::vector<std::vector<FusedConv>> stages;
  Linear fc1, fc2;
};

Vgg16::Vgg16(ParameterSource& source) : parts_(std::make_unique<Parts>(source)) {}

Vgg16::~Vgg16() = default;

at::Tensor Vgg16::forward(const at::Tensor& x, bool relu) {
  const c10::InferenceMode no_gradients;
  at::Tensor h = x.contiguous(at::MemoryFormat::ChannelsLast);
  for (auto& stage : parts_->stages) {
    for (auto& unit : stage) h = unit(h);
    h = at::max_pool2d(h, 2, 2);
  }
  h = at::adaptive_avg_pool2d(h, {kPooledSide, kPooledSide}).contiguous().flatten(1);
  h = parts_->fc2(parts_->fc1(h).relu_());
  return relu ? h.relu() : h;
}

}  // namespace alea::nn
