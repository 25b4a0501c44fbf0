#include "samplers/sampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include "samplers/noise.h"
#include "tests/support/plugins.h"

namespace alea {
namespace {

using test::code_of;

constexpr ImageShape kShape{2, 3, 5};

TEST(ForwardProcess, HasTheWeightsOfPaperEquation2) {
  const at::Tensor x0 = at::full({1, 1, 1, 1}, 3.0, at::kFloat), noise = at::full({1, 1, 1, 1}, -2.0, at::kFloat);
  const NoiseLevel level = level_of_alpha_bar(0.64);
  EXPECT_NEAR(add_noise(x0, noise, level).item<float>(), 0.8 * 3 - 0.6 * 2, 1e-6);
  EXPECT_NEAR(predict_x0(x0, noise, level).item<float>(), (3 + 0.6 * 2) / 0.8, 1e-6);
}

TEST(ForwardProcess, PredictX0UndoesAddNoise) {
  const at::Tensor x0 = draw_normals({.seed = 1}, {4, 9}, kShape), noise = draw_normals({.seed = 2}, {4, 9}, kShape);
  for (const NoiseLevel level : {NoiseLevel{0.2, 0.98}, {0.7, 0.3}, {0.9995, 0.03}, {1, 0}})
    EXPECT_TRUE(at::allclose(predict_x0(add_noise(x0, noise, level), noise, level), x0, 1e-4, 1e-5)) << level.alpha;
}

TEST(ForwardProcess, RefusesOtherShapesAndDomains) {
  const at::Tensor x = draw_normals({.seed = 1}, {4}, kShape), two = draw_normals({.seed = 1}, {4, 5}, kShape);
  EXPECT_EQ(code_of([&] { predict_x0(two, x, {0.8, 0.6}); }), ErrorCode::shape);
  EXPECT_EQ(code_of([&] { add_noise(two, x, {0.8, 0.6}); }), ErrorCode::shape);
  EXPECT_EQ(code_of([&] { predict_x0(x, x, {0, 1}); }), ErrorCode::domain);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const NoiseLevel level : {NoiseLevel{-0.1, 1}, {1.1, 0}, {0.5, -0.1}, {0.5, 1.1}, {nan, 0.5}, {0.5, nan}}) {
    EXPECT_EQ(code_of([&] { predict_x0(x, x, level); }), ErrorCode::domain);
    EXPECT_EQ(code_of([&] { add_noise(x, x, level); }), ErrorCode::domain);
  }
}

TEST(InitialNoise, BelongsToTheIdAndNotToItsPlace) {
  const at::Tensor together = initial_noise(7, {3, 1000000007, 5}, kShape), alone = initial_noise(7, {1000000007}, kShape);
  EXPECT_EQ(together.sizes(), at::IntArrayRef({3, 2, 3, 5}));
  EXPECT_TRUE(at::equal(together[1], alone[0]));
  EXPECT_FALSE(at::equal(together[0], together[2]));
  EXPECT_FALSE(at::equal(initial_noise(8, {3}, kShape)[0], together[0]));
}

TEST(InitialNoise, IsTheDrawOfItsStream) {
  std::vector<float> expected(kShape.elements());
  fill_normal({.seed = 7, .stream = Stream::initial_noise, .id = 5}, expected);
  const at::Tensor drawn = initial_noise(7, {5}, kShape).flatten();
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(drawn[i].item<float>(), expected[i]);
}

}  // namespace
}  // namespace alea
