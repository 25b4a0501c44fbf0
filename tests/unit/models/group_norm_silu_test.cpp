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
  FusedNorm call() const { return {.scale = scale, .shift = shift, .groups = 8}; }
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
    const auto found = fused_group_norm(in.x, in.call());
    EXPECT_TRUE(found.is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_LT((found.to(at::kDouble) - expected).abs().max().item<double>(), 2e-5);
  }
}

TEST(GroupNormSilu, FollowsSiluIntoBothTails) {
  const auto x = at::linspace(-1, 1, 64).view({1, 1, 8, 8}).contiguous(at::MemoryFormat::ChannelsLast);
  const auto scale = at::full({1}, 100.0), shift = at::zeros({1});
  const auto expected = exact({x, scale, shift}, 1, 1e-6);
  const auto found = fused_group_norm(x, {.scale = scale, .shift = shift, .groups = 1});
  EXPECT_LT(((found.to(at::kDouble) - expected).abs() / (expected.abs() + 1e-30)).max().item<double>(), 1e-4);
  EXPECT_FALSE(found.isnan().any().item<bool>());
}

TEST(GroupNormSilu, RowsDontInfluenceEachOther) {
  const auto in = inputs(0, 1);
  const auto whole = fused_group_norm(in.x, in.call());
  const auto row = in.x.narrow(0, 1, 1).contiguous(at::MemoryFormat::ChannelsLast);
  EXPECT_TRUE(at::equal(fused_group_norm(row, in.call()), whole.narrow(0, 1, 1)));
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

at::Tensor in_bfloat16(const at::Tensor& x) { return x.to(at::kBFloat16); }

/// Nearest bfloat16: off by at most half a unit in the last of 8 bits, which is 2^-8 of the smallest number of those bits.
void expect_rounded(const at::Tensor& found, const at::Tensor& exact) {
  ASSERT_EQ(found.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(found.is_contiguous(at::MemoryFormat::ChannelsLast));
  const auto excess = (found.to(at::kDouble) - exact).abs() - exact.abs() / 256;
  EXPECT_LT(excess.max().item<double>(), 2e-5);
}

TEST(GroupNormSilu, InBfloat16RoundsOnceAtTheEnd) {
  for (auto in : {inputs(0, 1), inputs(-3, 0.5), inputs(50, 20)}) {
    in.x = in_bfloat16(in.x);
    expect_rounded(fused_group_norm(in.x, in.call()), exact(in, 8, 1e-6));
    FusedNorm unrounded = in.call();
    unrounded.out = at::kFloat;
    const auto found = fused_group_norm(in.x, unrounded);
    EXPECT_EQ(found.scalar_type(), at::kFloat);
    EXPECT_LT((found.to(at::kDouble) - exact(in, 8, 1e-6)).abs().max().item<double>(), 2e-5);
    EXPECT_TRUE(at::equal(in_bfloat16(found), fused_group_norm(in.x, in.call()))) << "ties go to even, as torch has it";
  }
}

TEST(GroupNormSilu, InBfloat16TheNormAloneIsTheNormAlone) {
  auto in = inputs(1, 2);
  in.x = in_bfloat16(in.x);
  FusedNorm call = in.call();
  call.silu = false;
  const auto plain =
      at::group_norm(in.x.to(at::kDouble).contiguous(), 8, in.scale.to(at::kDouble), in.shift.to(at::kDouble), 1e-6);
  expect_rounded(fused_group_norm(in.x, call), plain);
}

TEST(GroupNormSilu, ARowsOffsetIsAddedBeforeTheNormWithTheBitsOfASumOfItsOwn) {
  auto in = inputs(1, 2);
  const auto offset = normals({3, 48}, 6);
  const auto sum = (in.x + offset.unsqueeze(2).unsqueeze(3)).contiguous(at::MemoryFormat::ChannelsLast);
  FusedNorm call = in.call();
  call.row_offset = offset;
  EXPECT_TRUE(at::equal(fused_group_norm(in.x, call), fused_group_norm(sum, in.call())));
  in.x = in_bfloat16(in.x);
  const Inputs unrounded{in.x.to(at::kDouble) + offset.to(at::kDouble).unsqueeze(2).unsqueeze(3), in.scale, in.shift};
  expect_rounded(fused_group_norm(in.x, call), exact(unrounded, 8, 1e-6));
}

TEST(GroupNormSilu, ANumberThatIsNoneStaysOneInItsGroupAlone) {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    auto in = inputs(0, 1);
    in.x = in.x.to(dtype);
    in.x[1][7][2][3] = std::nan("");
    const auto found = fused_group_norm(in.x, in.call());
    EXPECT_TRUE(found[1].narrow(0, 6, 6).isnan().all().item<bool>());
    EXPECT_EQ(found.isnan().sum().item<std::int64_t>(), 6 * 7 * 5);
  }
}

TEST(GroupNorm, BelowFloat32EveryPathAgrees) {
  auto in = inputs(1, 2);
  GroupNorm norm;
  norm.scale = in.scale, norm.shift = in.shift, norm.groups = 8;
  const auto offset = normals({3, 48}, 6), factor = normals({3, 48}, 7);
  for (const auto dtype : {at::kBFloat16, at::kHalf}) {
    const auto x = in.x.to(dtype), rows = x.contiguous();  // without a fused kernel where memory is by rows
    const auto close = [&](const at::Tensor& a, const at::Tensor& b) {
      EXPECT_EQ(a.scalar_type(), dtype);
      const auto x32 = a.to(at::kFloat), y32 = b.to(at::kFloat);
      EXPECT_LT(((x32 - y32).abs() - 0.02 * y32.abs()).max().item<double>(), 0.01);
    };
    close(norm(x), norm(rows));
    close(norm.then_silu(x), norm.then_silu(rows));
    close(norm.then_silu(x, offset), norm.then_silu(rows, offset));
    close(norm.modulated_then_silu(x, factor, offset), norm.modulated_then_silu(rows, factor, offset));
    EXPECT_EQ(norm.then_silu_as(rows, at::kFloat).scalar_type(), at::kFloat);
    EXPECT_TRUE(at::equal(norm.then_silu_as(rows, dtype), norm.then_silu(rows)));
  }
}

TEST(GroupNormSilu, IsLeftToAutogradWhereGradientsAreWanted) {
  auto in = inputs(0, 1);
  EXPECT_TRUE(can_fuse(in.x, in.call()));
  EXPECT_TRUE(can_fuse(in.x.to(at::kBFloat16), in.call()));
  EXPECT_FALSE(can_fuse(in.x.to(at::kHalf), in.call()));
  EXPECT_FALSE(can_fuse(in.x.contiguous(), in.call()));
  in.scale.requires_grad_(true);
  EXPECT_FALSE(can_fuse(in.x, in.call()));
  const c10::NoGradGuard no_gradients;
  EXPECT_TRUE(can_fuse(in.x, in.call()));
}

}  // namespace
}  // namespace alea::nn
