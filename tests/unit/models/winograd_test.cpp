#include "models/nn/winograd.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/philox.h"
#include "models/nn/layers.h"
#include "models/nn/panels.h"

namespace alea::nn {
namespace {

at::Tensor normals(at::IntArrayRef shape, std::uint64_t seed) {
  auto values = at::empty(shape);
  fill_normal({.seed = seed}, {values.mutable_data_ptr<float>(), static_cast<std::size_t>(values.numel())});
  return values;
}

at::Tensor channels_last(const at::Tensor& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

double distance(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

struct Case {
  std::int64_t batch, in, out, height, width;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.in << " to " << c.out << ", " << c.height << " x " << c.width; }

class Winograd : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!has_panel_kernel()) GTEST_SKIP() << "the processor has no AVX-512: convolutions are left to the tensor library";
  }
  const Case c = GetParam();
  const at::Tensor x = channels_last(normals({c.batch, c.in, c.height, c.width}, 1));
  const at::Tensor weight = normals({c.out, c.in, 3, 3}, 2) / std::sqrt(9.0 * static_cast<double>(c.in)),
                   bias = normals({c.out}, 3);
  const WinogradConv conv{weight, c.height, c.width};
};

TEST_P(Winograd, AgreesWithTheDirectSumInFloat64AsWellAsFloat32Does) {
  ASSERT_TRUE(WinogradConv::fits(x, weight));
  const auto exact = at::conv2d(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble), 1, 1);
  const auto found = conv(x, bias);
  EXPECT_TRUE(found.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_LT(distance(found, exact), 4 * distance(at::conv2d(x, weight, bias, 1, 1), exact));
}

TEST_P(Winograd, AddsARowsAndAPixelsTerms) {
  const auto by_row = normals({c.batch, c.out}, 4), by_pixel = normals({c.batch, c.out, c.height, c.width}, 5);
  const auto expected = conv(x, bias) + by_row.unsqueeze(2).unsqueeze(3) + by_pixel;
  EXPECT_TRUE(at::equal(conv(x, bias, {.by_row = by_row, .by_pixel = by_pixel}), expected));
  EXPECT_TRUE(at::equal(conv(x, bias, {.by_pixel = channels_last(by_pixel)}), conv(x, bias) + by_pixel));
}

TEST_P(Winograd, BitsDependNeitherOnTheBatchNorOnThreads) {
  const auto whole = conv(x, bias);
  for (std::int64_t row = 0; row < c.batch; ++row)
    EXPECT_TRUE(at::equal(conv(channels_last(x.narrow(0, row, 1)), bias), whole.narrow(0, row, 1)));
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  EXPECT_TRUE(at::equal(conv(x, bias), whole));
  at::set_num_threads(threads);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Winograd,
                         testing::Values(Case{3, 32, 48, 16, 16}, Case{5, 64, 32, 8, 8}, Case{2, 416, 64, 8, 16},
                                         Case{2, 48, 64, 20, 36}, Case{3, 32, 128, 4, 16}));

/// Which of the two a layer chose shows in the last bits.
struct Layer : testing::Test {
  HashedSource source;
  const Conv2d conv{source, "conv", 32, 32, 3, 1, 1};
  const at::Tensor x = channels_last(normals({2, 32, 16, 16}, 1));
  at::Tensor direct() const { return at::conv2d(x, conv.weight, conv.bias, 1, 1); }
};

TEST_F(Layer, FollowsItsWeightWhenThatChanges) {
  const auto before = conv(x);
  const c10::NoGradGuard no_gradients;
  at::Tensor(conv.weight).mul_(2);
  EXPECT_GT(distance(conv(x), before), 0.1);
  EXPECT_LT(distance(conv(x), direct()), 1e-5);
}

TEST_F(Layer, ServesTwoExtentsInTurn) {
  const auto before = conv(x);
  conv(channels_last(x.narrow(2, 0, 8).narrow(3, 0, 8)));
  EXPECT_TRUE(at::equal(conv(x), before));
}

TEST_F(Layer, IsDifferentiableWhereAGradientIsWanted) {
  auto leaf = x.clone().requires_grad_(true);
  const auto y = conv(leaf, {.by_pixel = x});
  EXPECT_TRUE(at::equal(y, direct() + x));
  y.sum().backward();
  EXPECT_TRUE(leaf.grad().defined());
  EXPECT_FALSE(WinogradConv::fits(x, at::Tensor(conv.weight).detach().requires_grad_(true)));
}

TEST_F(Layer, LeavesOtherShapesToTheTensorLibrary) {
  EXPECT_FALSE(WinogradConv::fits(channels_last(normals({2, 32, 14, 14}, 1)), conv.weight));
  EXPECT_FALSE(WinogradConv::fits(channels_last(normals({2, 32, 4, 4}, 1)), conv.weight));
  EXPECT_FALSE(WinogradConv::fits(x.to(at::kBFloat16), conv.weight));
  EXPECT_FALSE(WinogradConv::fits(x.contiguous(), conv.weight));
  EXPECT_FALSE(WinogradConv::fits(x, normals({3, 32, 3, 3}, 1)));
}

}  // namespace
}  // namespace alea::nn
