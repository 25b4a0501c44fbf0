#include "models/nn/wide_linear.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/philox.h"
#include "models/nn/panels.h"

namespace alea::nn {
namespace {

at::Tensor normals(at::IntArrayRef shape, std::uint64_t seed) {
  auto values = at::empty(shape);
  fill_normal({.seed = seed}, {values.mutable_data_ptr<float>(), static_cast<std::size_t>(values.numel())});
  return values;
}

struct WideLinear : testing::Test {
  void SetUp() override {
    if (!has_panel_kernel()) GTEST_SKIP() << "the processor has no AVX-512: products are left to the tensor library";
  }
  const at::Tensor x = normals({3, 70, 1000}, 1), bias = normals({208}, 3);
  const at::Tensor weight = normals({208, 1000}, 2) / std::sqrt(1000.0);
};

TEST_F(WideLinear, AgreesWithFloat64) {
  ASSERT_TRUE(can_use_wide_linear(x, weight));
  const auto exact = at::linear(x.to(at::kDouble), weight.to(at::kDouble));
  EXPECT_LT((wide_linear(x, weight, {}).to(at::kDouble) - exact).abs().max().item<double>(), 1e-5);
  EXPECT_TRUE(at::equal(wide_linear(x, weight, bias), wide_linear(x, weight, {}) + bias));
}

TEST_F(WideLinear, BitsDependNeitherOnTheNumberOfRowsNorOnThreads) {
  const auto whole = wide_linear(x, weight, bias);
  for (const std::int64_t length : {1, 2, 5, 7, 11, 69})
    EXPECT_TRUE(
        at::equal(wide_linear(x.narrow(0, 1, 1).narrow(1, 1, length), weight, bias), whole.narrow(0, 1, 1).narrow(1, 1, length)))
        << length << " rows";
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  EXPECT_TRUE(at::equal(wide_linear(x, weight, bias), whole));
  at::set_num_threads(threads);
}

TEST_F(WideLinear, LeavesWhatItCantDoToTheTensorLibrary) {
  EXPECT_FALSE(can_use_wide_linear(x.flatten(0, 1), weight)) << "a vector a row: few rows, many weights";
  EXPECT_FALSE(can_use_wide_linear(x.to(at::kBFloat16), weight.to(at::kBFloat16)));
  EXPECT_FALSE(can_use_wide_linear(x, weight.narrow(0, 0, 30)));
  EXPECT_FALSE(can_use_wide_linear(x, weight.clone().requires_grad_(true)));
}

}  // namespace
}  // namespace alea::nn
