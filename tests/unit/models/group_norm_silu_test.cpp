#include "models/nn/group_norm_silu.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "core/philox.h"
#include "models/nn/layers.h"

namespace alea::nn {
namespace {

at::Tensor normals(at::IntArrayRef shape, std::uint64_t seed) {
  auto values = at::empty(shape);
  fill_normal({.seed = seed}, {values.mutable_data_ptr<float>(), static_cast<std::size_t>(values.numel())});
  return values;
}

struct Inputs {
  at::Tensor x, scale, shift;
};

Inputs inputs(double offset, double spread) {
  return {(normals({3, 48, 7, 5}, 1) * spread + offset).contiguous(at::MemoryFormat::ChannelsLast), normals({48}, 2),
          normals({48}, 3)};
}

at::Tensor exact(const Inputs& in, int groups, double eps) {
  return at::silu(
      at::group_norm(in.x.to(at::kDouble).contiguous(), groups, in.scale.to(at::kDouble), in.shift.to(at::kDouble), eps));
}

TEST(GroupNormSilu, AgreesWithFloat64) {
  for (const auto& in : {inputs(0, 1), inputs(-3, 0.5), inputs(0, 1e-4), inputs(50, 20)}) {
    const auto expected = exact(in, 8, 1e-6);
    const auto found = group_norm_silu(in.x, 8, in.scale, in.shift, 1e-6);
    EXPECT_TRUE(found.is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_LT((found.to(at::kDouble) - expected).abs().max().item<double>(), 2e-5);
  }
}

TEST(GroupNormSilu, FollowsSiluIntoBothTails) {
  const auto x = at::linspace(-1, 1, 64).view({1, 1, 8, 8}).contiguous(at::MemoryFormat::ChannelsLast);
  const auto scale = at::full({1}, 100.0), shift = at::zeros({1});
  const auto expected = exact({x, scale, shift}, 1, 1e-6);
  const auto found = group_norm_silu(x, 1, scale, shift, 1e-6);
  EXPECT_LT(((found.to(at::kDouble) - expected).abs() / (expected.abs() + 1e-30)).max().item<double>(), 1e-4);
  EXPECT_FALSE(found.isnan().any().item<bool>());
}

TEST(GroupNormSilu, RowsDontInfluenceEachOther) {
  const auto in = inputs(0, 1);
  const auto whole = group_norm_silu(in.x, 8, in.scale, in.shift, 1e-6);
  const auto row = in.x.narrow(0, 1, 1).contiguous(at::MemoryFormat::ChannelsLast);
  EXPECT_TRUE(at::equal(group_norm_silu(row, 8, in.scale, in.shift, 1e-6), whole.narrow(0, 1, 1)));
}

TEST(GroupNormSilu, ModulationIsARowsOwnScaleAndShiftWithTheBitsOfEachAlone) {
  const auto in = inputs(1, 2);
  const auto row_scale = normals({3, 48}, 4), row_shift = normals({3, 48}, 5);
  GroupNorm norm;
  norm.scale = in.scale, norm.shift = in.shift, norm.groups = 8, norm.eps = 1e-5;
  const auto found = norm.modulated_then_silu(in.x, row_scale, row_shift);
  const auto plain =
      at::group_norm(in.x.to(at::kDouble).contiguous(), 8, in.scale.to(at::kDouble), in.shift.to(at::kDouble), 1e-5);
  const auto by_pixel = [](const at::Tensor& row) { return row.to(at::kDouble).unsqueeze(2).unsqueeze(3); };
  const auto expected = at::silu(plain * (1 + by_pixel(row_scale)) + by_pixel(row_shift));
  EXPECT_LT((found.to(at::kDouble) - expected).abs().max().item<double>(), 2e-5);
  EXPECT_LT(
      (norm.modulated_then_silu(in.x.contiguous(), row_scale, row_shift).to(at::kDouble) - expected).abs().max().item<double>(),
      2e-5);
  const auto row = in.x.narrow(0, 1, 1).contiguous(at::MemoryFormat::ChannelsLast);
  EXPECT_TRUE(
      at::equal(norm.modulated_then_silu(row, row_scale.narrow(0, 1, 1), row_shift.narrow(0, 1, 1)), found.narrow(0, 1, 1)));
}

TEST(GroupNormSilu, IsLeftToAutogradWhereGradientsAreWanted) {
  auto in = inputs(0, 1);
  EXPECT_TRUE(can_fuse_group_norm_silu(in.x, in.scale));
  EXPECT_FALSE(can_fuse_group_norm_silu(in.x.contiguous(), in.scale));
  in.scale.requires_grad_(true);
  EXPECT_FALSE(can_fuse_group_norm_silu(in.x, in.scale));
  const c10::NoGradGuard no_gradients;
  EXPECT_TRUE(can_fuse_group_norm_silu(in.x, in.scale));
}

}  // namespace
}  // namespace alea::nn
