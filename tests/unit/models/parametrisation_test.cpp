#include "models/parametrisation.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "tests/support/plugins.h"

namespace alea {
namespace {

using test::code_of;

at::Tensor row(std::vector<double> values) { return at::tensor(values, at::kDouble).reshape({1, 1, 1, -1}); }

const at::Tensor kX0 = row({-1.5, 0.25, 2}), kEps = row({0.5, -2, 1});

void expect_equal(const at::Tensor& found, const at::Tensor& expected) {
  EXPECT_TRUE(at::allclose(found, expected, 1e-12, 1e-12)) << found << expected;
}

TEST(Parametrisation, EveryOneGivesBackTheNoiseAndTheImage) {
  for (const double sigma : {0.1, 0.6, 0.99}) {
    const NoiseLevel circle = level_of_alpha_bar(1 - sigma * sigma), line{1 - sigma, sigma};
    const at::Tensor x = kX0 * circle.alpha + kEps * circle.sigma, v = kEps * circle.alpha - kX0 * circle.sigma;
    expect_equal(eps_from_x0(x, kX0, circle), kEps);
    expect_equal(eps_from_v(x, v, circle), kEps);
    expect_equal(x0_from_v(x, v, circle), kX0);
    const at::Tensor between = kX0 * line.alpha + kEps * line.sigma, velocity = kEps - kX0;
    expect_equal(eps_from_x0(between, kX0, line), kEps);
    expect_equal(eps_from_flow(between, velocity, line), kEps);
    expect_equal(x0_from_flow(between, velocity, line), kX0);
  }
}

TEST(Parametrisation, VelocityKnowsTheImageWhereAllIsNoise) {
  expect_equal(x0_from_flow(kEps, kEps - kX0, {0, 1}), kX0);
  expect_equal(x0_from_v(kEps, -kX0, {0, 1}), kX0);
}

TEST(Parametrisation, RefusesOtherLevelsAndShapes) {
  const NoiseLevel circle{0.8, 0.6}, line{0.4, 0.6};
  EXPECT_EQ(code_of([&] { eps_from_x0(kX0, kX0, {1, 0}); }), ErrorCode::domain);
  EXPECT_EQ(code_of([&] { eps_from_v(kX0, kX0, line); }), ErrorCode::domain);
  EXPECT_EQ(code_of([&] { x0_from_v(kX0, kX0, line); }), ErrorCode::domain);
  EXPECT_EQ(code_of([&] { eps_from_flow(kX0, kX0, circle); }), ErrorCode::domain);
  EXPECT_EQ(code_of([&] { x0_from_flow(kX0, kX0, circle); }), ErrorCode::domain);
  EXPECT_EQ(code_of([&] { eps_from_x0(kX0, row({1}), circle); }), ErrorCode::shape);
}

}  // namespace
}  // namespace alea
