#include "models/resize.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/philox.h"

namespace alea {
namespace {

at::Tensor noise(std::int64_t n, std::int64_t height, std::int64_t width) {
  auto x = at::empty({n, 3, height, width});
  fill_uniform({.seed = 1}, {x.mutable_data_ptr<float>(), static_cast<std::size_t>(x.numel())});
  return x.mul_(255).round_();
}

/// [out, in]: a resize along one axis as a matrix.
at::Tensor matrix(std::int64_t out, std::int64_t in) { return at::zeros({out, in}, at::kDouble); }

void add_tap(const at::Tensor& m, std::int64_t out, std::int64_t source, double weight) {
  const std::int64_t inside = std::clamp<std::int64_t>(source, 0, m.size(1) - 1);
  m[out][inside] += weight;
}

void add_linear(const at::Tensor& m, std::int64_t out, double source) {
  const double low = std::floor(source);
  add_tap(m, out, static_cast<std::int64_t>(low), 1 - (source - low));
  add_tap(m, out, static_cast<std::int64_t>(low) + 1, source - low);
}

at::Tensor half_pixel(std::int64_t out, std::int64_t in) {
  const auto m = matrix(out, in);
  for (std::int64_t i = 0; i < out; ++i) add_linear(m, i, (double(i) + 0.5) * double(in) / double(out) - 0.5);
  return m;
}

at::Tensor no_offset(std::int64_t out, std::int64_t in) {
  const auto m = matrix(out, in);
  for (std::int64_t i = 0; i < out; ++i) add_linear(m, i, double(i) * double(in) / double(out));
  return m;
}

/// Keys 1981 with a = -0.5.
double cubic(double t) {
  t = std::abs(t);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}

/// The kernel is stretched over the source where the image shrinks; taps outside are left out and the rest is scaled to 1.
at::Tensor antialiased_cubic(std::int64_t out, std::int64_t in) {
  const auto m = matrix(out, in);
  const double scale = double(in) / double(out), stretch = std::max(scale, 1.0);
  for (std::int64_t i = 0; i < out; ++i) {
    const double centre = (double(i) + 0.5) * scale;
    for (std::int64_t s = 0; s < in; ++s) m[i][s] = cubic((double(s) + 0.5 - centre) / stretch);
    m[i] /= m[i].sum();
  }
  return m;
}

at::Tensor by_definition(const at::Tensor& x, std::int64_t height, std::int64_t width, Resize how) {
  const auto axis = how == Resize::bilinear ? half_pixel : how == Resize::bilinear_tf1 ? no_offset : antialiased_cubic;
  const auto y = at::matmul(at::matmul(axis(height, x.size(2)), x.to(at::kDouble)), axis(width, x.size(3)).t());
  return how == Resize::bicubic_pil ? y.clamp(0, 255) : y;
}

double largest(const at::Tensor& difference) { return difference.abs().max().item<double>(); }

struct Case {
  int height, width, to_height, to_width;
};

class ResizeImages : public testing::TestWithParam<std::tuple<Resize, Case>> {};

TEST_P(ResizeImages, FollowsItsDefinition) {
  const auto [how, c] = GetParam();
  const auto x = noise(1, c.height, c.width);
  const auto found = resize_images(x, c.to_height, c.to_width, how);
  EXPECT_EQ(found.sizes(), (at::IntArrayRef{1, 3, c.to_height, c.to_width}));
  EXPECT_EQ(found.scalar_type(), at::kFloat);
  EXPECT_LT(largest(found - by_definition(x, c.to_height, c.to_width, how)), 2e-3);  // of 255: positions are kept in float32
}

TEST_P(ResizeImages, LeavesAnImageOfTheRightSizeAlone) {
  const auto [how, c] = GetParam();
  const auto x = noise(1, c.height, c.width);
  EXPECT_LE(largest(resize_images(x, c.height, c.width, how) - x), 1e-4);
}

TEST_P(ResizeImages, TreatsImagesOneByOne) {
  const auto [how, c] = GetParam();
  const auto x = noise(3, c.height, c.width);
  const auto whole = resize_images(x, c.to_height, c.to_width, how);
  for (std::int64_t i = 0; i < 3; ++i)
    EXPECT_TRUE(at::equal(resize_images(x.narrow(0, i, 1), c.to_height, c.to_width, how), whole.narrow(0, i, 1)));
}

INSTANTIATE_TEST_SUITE_P(All, ResizeImages,
                         testing::Combine(testing::Values(Resize::bilinear, Resize::bilinear_tf1, Resize::bicubic_pil),
                                          testing::Values(Case{1, 1, 40, 60}, Case{32, 32, 149, 149}, Case{37, 100, 75, 75},
                                                          Case{64, 48, 64, 150})),
                         [](const auto& info) {
                           const Case& c = std::get<1>(info.param);
                           return fmt::format("{}_{}x{}", resize_name(std::get<0>(info.param)), c.height, c.width);
                         });

TEST(ResizeImages, TensorFlow1KeepsSourcePixelsAtWholeRatiosAndHalfPixelCentresDont) {
  const auto x = noise(1, 8, 8);
  const auto kept = [&](Resize how) { return resize_images(x, 32, 32, how).slice(2, 0, 32, 4).slice(3, 0, 32, 4); };
  EXPECT_TRUE(at::equal(kept(Resize::bilinear_tf1), x));
  EXPECT_GT(largest(kept(Resize::bilinear) - x), 10);
}

TEST(ResizeImages, BicubicOvershootsAndIsClipped) {
  auto x = at::zeros({1, 3, 8, 8});
  x.narrow(3, 4, 4).fill_(255);
  const auto unclipped = at::matmul(x.to(at::kDouble), antialiased_cubic(32, 8).t());
  ASSERT_LT(unclipped.min().item<double>(), -5);
  const auto found = resize_images(x, 32, 32, Resize::bicubic_pil);
  EXPECT_EQ(found.min().item<float>(), 0);
  EXPECT_EQ(found.max().item<float>(), 255);
}

TEST(ResizeImages, RefusesWhatIsNoBatchOfFloats) {
  EXPECT_THROW(resize_images(at::zeros({3, 8, 8}), 4, 4, Resize::bilinear), Error);
  EXPECT_THROW(resize_images(at::zeros({1, 3, 8, 8}, at::kByte), 4, 4, Resize::bilinear), Error);
}

}  // namespace
}  // namespace alea
