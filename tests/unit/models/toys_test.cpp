#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "models/models.h"
#include "tests/support/plugins.h"

namespace alea {
namespace {

using test::code_of;
using test::make;

struct Component {
  double weight, mean, std;
};

struct Toy {
  const char* name;
  Json config;
  std::vector<Component> law;
};

std::vector<Toy> toys() {
  return {{"gaussian", {{"kind", "toy_gaussian"}, {"height", 1}, {"width", 41}, {"std", 0.7}}, {{1, 0, 0.7}}},
          {"mixture",
           {{"kind", "toy_mixture"},
            {"height", 1},
            {"width", 41},
            {"weight", 0.2},
            {"mean_1", -0.9},
            {"mean_2", 0.4},
            {"std_1", 0.15},
            {"std_2", 0.3}},
           {{0.2, -0.9, 0.15}, {0.8, 0.4, 0.3}}}};
}

double log_density(const std::vector<Component>& law, double x, double alpha_bar) {
  double density = 0;
  for (const auto& [weight, mean, std] : law) {
    const double v = alpha_bar * std * std + 1 - alpha_bar, offset = x - std::sqrt(alpha_bar) * mean;
    density += weight * std::exp(-0.5 * offset * offset / v) / std::sqrt(v);
  }
  return std::log(density);
}

Batch batch_at(const at::Tensor& x, double t) {
  return {.x = x, .t = at::full({x.size(0)}, t, at::kFloat), .ids = Ids(x.size(0), 0)};
}

TEST(Toys, NoiseIsTheScoreOfTheNoisedLaw) {
  const at::Tensor x = at::linspace(-2, 2, 41, at::kFloat).reshape({1, 1, 1, 41});
  for (const Toy& toy : toys()) {
    const auto denoiser = make(model_registry(), toy.config);
    for (const double t : {0.0, 100.0, 400.0, 999.0}) {
      const double alpha_bar = denoiser->schedule().alpha_bar({t}), h = 1e-5;
      const at::Tensor eps = denoiser->predict(batch_at(x, t)).eps.flatten();
      for (int i = 0; i < 41; ++i) {
        const double at = x.flatten()[i].item<float>();
        if (std::abs(log_density(toy.law, at, alpha_bar)) > 300) continue;  // the difference quotient has no digits there
        const double slope = (log_density(toy.law, at + h, alpha_bar) - log_density(toy.law, at - h, alpha_bar)) / (2 * h);
        const double expected = -std::sqrt(1 - alpha_bar) * slope;
        EXPECT_NEAR(eps[i].item<float>(), expected, 1e-4 * (1 + std::abs(expected))) << toy.name << " t " << t << " x " << at;
      }
    }
  }
}

TEST(Toys, EachRowHasItsOwnTime) {
  const at::Tensor x = at::linspace(-1, 1, 82, at::kFloat).reshape({2, 1, 1, 41});
  for (const Toy& toy : toys()) {
    const auto denoiser = make(model_registry(), toy.config);
    Batch both = batch_at(x, 700);
    both.t[1].fill_(30);
    const at::Tensor apart = at::cat(
        {denoiser->predict(batch_at(x.narrow(0, 0, 1), 700)).eps, denoiser->predict(batch_at(x.narrow(0, 1, 1), 30)).eps});
    EXPECT_TRUE(at::equal(denoiser->predict(both).eps, apart)) << toy.name;
  }
}

TEST(Toys, TheirGraphHoldsTheSlopeAndChangesNoBit) {
  const at::Tensor x = at::linspace(-2, 2, 41, at::kDouble).reshape({1, 1, 1, 41});
  for (const Toy& toy : toys()) {
    const auto denoiser = make(model_registry(), toy.config);
    for (const double t : {0.0, 100.0, 999.0}) {
      const auto eps = [&](const at::Tensor& at_x) { return denoiser->predict(batch_at(at_x, t)).eps; };
      Batch batch = batch_at(x.clone().requires_grad_(true), t);
      batch.want.graph = true;
      const at::Tensor answer = denoiser->predict(batch).eps;
      EXPECT_TRUE(at::equal(answer.detach(), eps(x))) << toy.name;
      const at::Tensor slope = torch::autograd::grad({answer.sum()}, {batch.x}).front();
      const double h = 1e-6;
      const at::Tensor expected = (eps(x + h) - eps(x - h)) / (2 * h);
      EXPECT_LT((slope - expected).abs().max().item<double>(), 1e-6 * expected.abs().max().item<double>())
          << toy.name << ' ' << t;
    }
  }
}

TEST(Toys, FarFromTheDataTheyStayFinite) {
  for (const Toy& toy : toys()) {
    const auto denoiser = make(model_registry(), toy.config);
    for (const double far : {-1e4, 1e4}) {
      const at::Tensor eps = denoiser->predict(batch_at(at::full({1, 1, 1, 41}, far, at::kFloat), 0)).eps;
      EXPECT_TRUE(std::isfinite(eps.sum().item<float>())) << toy.name;
      EXPECT_GT(eps[0][0][0][0].item<float>() * far, 0) << toy.name;
    }
  }
}

TEST(Toys, RefuseOtherShapesAndTimes) {
  for (const Toy& toy : toys()) {
    const auto denoiser = make(model_registry(), toy.config);
    const at::Tensor x = at::full({2, 1, 1, 41}, 0.0, at::kFloat);
    EXPECT_EQ(code_of([&] { denoiser->predict(batch_at(x.reshape({2, 1, 41, 1}), 3)); }), ErrorCode::shape);
    EXPECT_EQ(code_of([&] { denoiser->predict(batch_at(x.to(at::kHalf), 3)); }), ErrorCode::shape);
    EXPECT_EQ(code_of([&] {
                denoiser->predict({.x = x, .t = at::full({1}, 3.0, at::kFloat), .ids = {0, 1}});
              }),
              ErrorCode::shape);
    EXPECT_EQ(code_of([&] { denoiser->predict(batch_at(x, -1)); }), ErrorCode::domain);
    EXPECT_EQ(code_of([&] { denoiser->predict(batch_at(x, 1000)); }), ErrorCode::domain);
  }
}

TEST(Toys, ConfigNamesWhatIsWrong) {
  EXPECT_EQ(code_of([] { make(model_registry(), {{"kind", "toy_gaussian"}, {"std", -1}}); }), ErrorCode::config);
  EXPECT_EQ(code_of([] { make(model_registry(), {{"kind", "toy_gausian"}}); }), ErrorCode::config);
}

}  // namespace
}  // namespace alea
