#include "models/nn/inception_blocks.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

namespace alea::nn {
namespace {

constexpr double kBatchNormEps = 1e-3;
constexpr Extent2d k3x3 = {3, 3}, k5x5 = {5, 5}, k1x7 = {1, 7}, k7x1 = {7, 1}, k1x3 = {1, 3}, k3x1 = {3, 1};

/// A kernel that keeps the extent.
ConvUnit::Shape same(int in, int out, Extent2d kernel) { return {in, out, kernel, 1, {kernel.first / 2, kernel.second / 2}}; }
ConvUnit::Shape strided(int in, int out) { return {in, out, k3x3, 2, {0, 0}}; }

at::Tensor pool_of(const at::Tensor& x, Pool pool, int stride) {
  const int padding = stride == 1 ? 1 : 0;
  if (pool == Pool::maximum) return at::max_pool2d(x, 3, stride, padding);
  return at::avg_pool2d(x, 3, stride, padding, false, /*count_include_pad=*/false);
}

}  // namespace

ConvUnit::ConvUnit(ParameterSource& source, const std::string& name, const Shape& shape, bool train_mode)
    : train_mode_(train_mode), shape_(shape) {
  const at::Tensor weight =
      source.take(name + ".conv.weight", {shape.out, shape.in, shape.kernel.first, shape.kernel.second}, ParameterRole::matrix);
  const at::Tensor scale = source.take(name + ".bn.weight", {shape.out}, ParameterRole::norm_scale);
  const at::Tensor shift = source.take(name + ".bn.bias", {shape.out}, ParameterRole::norm_shift);
  const at::Tensor mean = source.take(name + ".bn.running_mean", {shape.out}, ParameterRole::norm_shift);
  const at::Tensor variance = source.take(name + ".bn.running_var", {shape.out}, ParameterRole::norm_scale);
  if (train_mode) {
    weight_ = weight.contiguous(at::MemoryFormat::ChannelsLast);
    scale_ = scale;
    shift_ = shift;
    return;
  }
  // In double: folding then costs no more than the rounding of the weights.
  const at::Tensor factor = scale.to(at::kDouble) / (variance.to(at::kDouble) + kBatchNormEps).sqrt();
  const at::Tensor folded = (weight.to(at::kDouble) * factor.view({-1, 1, 1, 1})).to(at::kFloat);
  const at::Tensor bias = (shift.to(at::kDouble) - mean.to(at::kDouble) * factor).to(at::kFloat);
  folded_ = FusedConv(folded, bias, shape.stride, shape.padding);
}

at::Tensor ConvUnit::operator()(const at::Tensor& x) {
  if (!train_mode_) return folded_(x);
  const at::Tensor y = at::conv2d(x, weight_, {}, shape_.stride, {shape_.padding.first, shape_.padding.second});
  return at::batch_norm(y, scale_, shift_, {}, {}, /*training=*/true, 0, kBatchNormEps, false).relu_();
}

at::Tensor MixedBlock::operator()(const at::Tensor& x, at::Tensor* first) {
  std::vector<at::Tensor> outputs;
  for (auto& branch : branches) {
    at::Tensor h = x;
    for (auto& unit : branch.chain) h = unit(h);
    for (auto& unit : branch.fork) outputs.push_back(unit(h));
    if (branch.fork.empty()) outputs.push_back(h);
  }
  at::Tensor pooled = pool_of(x, pool, pool_stride);
  for (auto& unit : pool_unit) pooled = unit(pooled);
  outputs.push_back(pooled);
  if (first != nullptr) *first = outputs.front();
  return at::cat(outputs, 1);
}

ConvUnit BlockMaker::unit(const std::string& name, const ConvUnit::Shape& shape) { return {source_, name, shape, train_mode_}; }

MixedBlock BlockMaker::a(const std::string& name, int in, int pool_out) {
  MixedBlock block;
  block.branches = {{{unit(name + ".branch1x1", {in, 64})}, {}},
                    {{unit(name + ".branch5x5_1", {in, 48}), unit(name + ".branch5x5_2", same(48, 64, k5x5))}, {}},
                    {{unit(name + ".branch3x3dbl_1", {in, 64}), unit(name + ".branch3x3dbl_2", same(64, 96, k3x3)),
                      unit(name + ".branch3x3dbl_3", same(96, 96, k3x3))},
                     {}}};
  block.pool_unit = {unit(name + ".branch_pool", {in, pool_out})};
  return block;
}

MixedBlock BlockMaker::b(const std::string& name, int in) {
  MixedBlock block;
  block.branches = {{{unit(name + ".branch3x3", strided(in, 384))}, {}},
                    {{unit(name + ".branch3x3dbl_1", {in, 64}), unit(name + ".branch3x3dbl_2", same(64, 96, k3x3)),
                      unit(name + ".branch3x3dbl_3", strided(96, 96))},
                     {}}};
  block.pool = Pool::maximum;
  block.pool_stride = 2;
  return block;
}

MixedBlock BlockMaker::c(const std::string& name, int in, int inner) {
  MixedBlock block;
  block.branches = {
      {{unit(name + ".branch1x1", {in, 192})}, {}},
      {{unit(name + ".branch7x7_1", {in, inner}), unit(name + ".branch7x7_2", same(inner, inner, k1x7)),
        unit(name + ".branch7x7_3", same(inner, 192, k7x1))},
       {}},
      {{unit(name + ".branch7x7dbl_1", {in, inner}), unit(name + ".branch7x7dbl_2", same(inner, inner, k7x1)),
        unit(name + ".branch7x7dbl_3", same(inner, inner, k1x7)), unit(name + ".branch7x7dbl_4", same(inner, inner, k7x1)),
        unit(name + ".branch7x7dbl_5", same(inner, 192, k1x7))},
       {}}};
  block.pool_unit = {unit(name + ".branch_pool", {in, 192})};
  return block;
}

MixedBlock BlockMaker::d(const std::string& name, int in) {
  MixedBlock block;
  block.branches = {{{unit(name + ".branch3x3_1", {in, 192}), unit(name + ".branch3x3_2", strided(192, 320))}, {}},
                    {{unit(name + ".branch7x7x3_1", {in, 192}), unit(name + ".branch7x7x3_2", same(192, 192, k1x7)),
                      unit(name + ".branch7x7x3_3", same(192, 192, k7x1)), unit(name + ".branch7x7x3_4", strided(192, 192))},
                     {}}};
  block.pool = Pool::maximum;
  block.pool_stride = 2;
  return block;
}

MixedBlock BlockMaker::e(const std::string& name, int in, Pool pool) {
  MixedBlock block;
  block.branches = {
      {{unit(name + ".branch1x1", {in, 320})}, {}},
      {{unit(name + ".branch3x3_1", {in, 384})},
       {unit(name + ".branch3x3_2a", same(384, 384, k1x3)), unit(name + ".branch3x3_2b", same(384, 384, k3x1))}},
      {{unit(name + ".branch3x3dbl_1", {in, 448}), unit(name + ".branch3x3dbl_2", same(448, 384, k3x3))},
       {unit(name + ".branch3x3dbl_3a", same(384, 384, k1x3)), unit(name + ".branch3x3dbl_3b", same(384, 384, k3x1))}}};
  block.pool_unit = {unit(name + ".branch_pool", {in, 192})};
  block.pool = pool;
  return block;
}

}  // namespace alea::nn
