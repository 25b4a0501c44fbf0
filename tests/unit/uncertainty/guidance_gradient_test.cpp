#include <ATen/ops/clamp.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include "tests/unit/uncertainty/guided_step.h"
#include "uncertainty/guidance_statistic.h"

namespace alea {
namespace {

using test::GuidedStep;

/// Written once more, from the formulas.
at::Tensor uncertainty(const std::string& statistic, const at::Tensor& e, std::vector<at::Tensor> answers) {
  const auto m = static_cast<double>(answers.size());
  if (statistic == "centred") {
    at::Tensor sum = at::zeros_like(e);
    for (const auto& a : answers) sum = sum + (a - e).pow(2);
    return sum / m;
  }
  if (statistic == "variance_with_eps") answers.push_back(e);
  const at::Tensor variance = at::stack(answers).var(0, /*unbiased=*/true);
  return statistic == "std" ? at::sqrt(variance) : variance;
}

/// Sum of U as a function of eps or of x, everything else and the noises z held fixed.
struct Objective {
  const GuidedStep& step;
  std::string statistic;
  bool by_x, clip;
  std::vector<at::Tensor> z;

  double at(const at::Tensor& shift) const {
    const auto& [alpha, sigma] = step.view.level;
    const at::Tensor x = by_x ? step.view.x + shift : step.view.x, e = by_x ? step.view.eps : step.view.eps + shift;
    const at::Tensor free = (x - e * sigma) / alpha, clean = clip ? at::clamp(free, -1, 1) : free;
    std::vector<at::Tensor> answers;
    for (const at::Tensor& noise : z)
      answers.push_back(test::eps_of(step.denoiser, clean * alpha + noise * sigma, step.view.t, step.ids));
    return uncertainty(statistic, e, answers).sum().item<double>();
  }

  double slope(const at::Tensor& direction) const {
    const double h = 1e-5;
    return (at(direction * h) - at(direction * -h)) / (2 * h);
  }
};

double length_of(const at::Tensor& x) { return x.norm().item<double>(); }

void expect_gradient(Denoiser& denoiser, const std::string& statistic, const std::string& wrt, bool clip) {
  const GuidedStep step(denoiser);
  const auto factory =
      test::guidance({{"statistic", statistic}, {"wrt", wrt}, {"clip", clip}, {"mask", "all"}, {"passes", 3}}, denoiser);
  const auto answers = step.run(*factory, 3);
  const at::Tensor gradient = answers.eps - step.view.eps;
  const auto& [alpha, sigma] = step.view.level;
  const at::Tensor x0 = clip ? at::clamp(step.view.x0, -1, 1) : step.view.x0;
  Objective objective{step, statistic, wrt == "x", clip, {}};
  for (const at::Tensor& x : answers.x) objective.z.push_back((x - x0 * alpha) / sigma);

  const at::Tensor other = draw_normals({.seed = 77}, step.ids, denoiser.spec().shape).to(at::kDouble);
  for (const at::Tensor& direction : {gradient / length_of(gradient), other / length_of(other)})
    EXPECT_NEAR(objective.slope(direction), (gradient * direction).sum().item<double>(), 1e-6 * length_of(gradient))
        << denoiser.spec().kind << ' ' << statistic << ' ' << wrt << (clip ? " clip" : "");
  EXPECT_GT(length_of(gradient), 1e-6);
}

TEST(GuidanceGradient, IsThatOfFiniteDifferencesOnTheMixture) {
  const auto denoiser = test::small_mixture();
  for (const char* statistic : {"variance", "centred", "std", "variance_with_eps"})
    for (const char* wrt : {"eps", "x"})
      for (const bool clip : {false, true}) {
        if (std::string(wrt) == "x" && std::string(statistic) == "variance_with_eps") continue;
        expect_gradient(*denoiser, statistic, wrt, clip);
      }
}

TEST(GuidanceGradient, IsThatOfFiniteDifferencesOnANetwork) {
  test::SmallUnet denoiser;
  for (const char* statistic : {"variance", "centred"})
    for (const char* wrt : {"eps", "x"}) expect_gradient(denoiser, statistic, wrt, false);
}

/// grad_eps = -sigma grad_x for the variance, in which eps has no other part.
TEST(GuidanceGradient, OfTheInputPointsTheOtherWay) {
  test::SmallUnet denoiser;
  const GuidedStep step(denoiser);
  const auto change = [&](const char* wrt) {
    return step.run(*test::guidance({{"wrt", wrt}, {"mask", "all"}}, denoiser), 5).eps - step.view.eps;
  };
  const at::Tensor by_eps = change("eps"), by_x = change("x");
  EXPECT_LT(length_of(by_eps + by_x * step.view.level.sigma), 1e-12 * length_of(by_eps));
}

/// Of a Gaussian U doesn't depend on x, so the gradient is that of rounding.
TEST(GuidanceGradient, VanishesOnAGaussianForEqualNoises) {
  const auto denoiser = test::make(model_registry(), {{"kind", "toy_gaussian"}, {"channels", 2}, {"height", 4}, {"width", 4}});
  const GuidedStep step(*denoiser);
  const auto answers = step.run(*test::guidance({{"mask", "all"}}, *denoiser), 5);
  EXPECT_LT(length_of(answers.eps - step.view.eps), 1e-12 * length_of(answers.outputs.at(1).step_scores));
}

TEST(SpreadWithDerivatives, IsZeroWithEqualAnswers) {
  const at::Tensor e = at::full({1, 1, 2, 2}, 0.5, at::kDouble);
  for (const char* statistic : {"variance", "std"}) {
    const AnswerSpread spread = spread_with_derivatives(statistic, e, {e * 3, e * 3});
    EXPECT_EQ(length_of(spread.uncertainty), 0);
    EXPECT_EQ(length_of(spread.by_answer.at(0)), 0) << statistic;
  }
  EXPECT_EQ(test::code_of([&] { spread_with_derivatives("variance", e, {e}); }), ErrorCode::domain);
  EXPECT_EQ(test::code_of([&] { spread_with_derivatives("variance", e, {e, e[0]}); }), ErrorCode::shape);
}

}  // namespace
}  // namespace alea
