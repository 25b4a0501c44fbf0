#include <ATen/ops/quantile.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include "tests/unit/uncertainty/guided_step.h"

namespace alea {
namespace {

using test::GuidedStep;

constexpr int kPasses = 5;

/// What each of the seven scripts does at one step, in a few lines each. J is diagonal on the mixture.
class Variants : public testing::TestWithParam<const char*> {
 protected:
  Variants() : denoiser_(test::small_mixture()), step_(*denoiser_) {}

  /// Saved thresholds under which only step 1 has a mask.
  GuidedStep::Answers run(double tau) {
    const GuidanceThresholds saved{{0, 1, 2, 3}, {4}, {1e9f, static_cast<float>(tau), 1e9f, 1e9f}};
    return step_.run(*test::guidance(config(), *denoiser_, 4, std::make_shared<const GuidanceThresholds>(saved)), kPasses);
  }

  Json config() const {
    Json out{{"variant", GetParam()}};
    if (GetParam() == std::string("v1") || GetParam() == std::string("v2")) out["thresholds"] = "given.safetensors";
    return out;
  }

  at::Tensor slope(const at::Tensor& x) {
    const double h = 1e-6;
    return (eps(x + h) - eps(x - h)) / (2 * h);
  }
  at::Tensor eps(const at::Tensor& x) { return test::eps_of(*denoiser_, x, step_.view.t, step_.ids); }

  static at::Tensor sum(const std::vector<at::Tensor>& terms) { return at::stack(terms).sum(0); }

  at::Tensor quantile_mask(const at::Tensor& u) const {
    return u > at::quantile(u.flatten(1), 0.95, 1, false).view({-1, 1, 1, 1});
  }

  std::unique_ptr<Denoiser> denoiser_;
  GuidedStep step_;
};

TEST_P(Variants, DoesWhatItsFormulaSays) {
  const std::string variant = GetParam();
  const at::Tensor e = step_.view.eps;
  auto answers = run(1e9);
  const double tau = at::stack(answers.of).sub(e).pow(2).mean(0).median().item<double>();
  if (variant == "v1" || variant == "v2") answers = run(tau);
  const at::Tensor m = sum(answers.of) / kPasses;
  const bool right_level = variant == "paper" || variant == "v7";
  const NoiseLevel level = right_level ? step_.view.level : denoiser_->schedule().level({1.0});
  at::Tensor variance = at::zeros_like(e), centred = at::zeros_like(e), by_m = at::zeros_like(e), by_e = at::zeros_like(e);
  for (int i = 0; i < kPasses; ++i) {
    variance = variance + (answers.of[i] - m).pow(2) / (kPasses - 1);
    centred = centred + (answers.of[i] - e).pow(2) / kPasses;
    by_m = by_m + slope(answers.x[i]) * (answers.of[i] - m) * 2;
    by_e = by_e + slope(answers.x[i]) * (answers.of[i] - e) * 2;
  }
  const double s = level.sigma;
  at::Tensor change, mask;
  if (variant == "paper" || variant == "v7") {
    change = by_m * (-s / (kPasses - 1)) * (variant == "v7" ? 0.99 : 1);
    mask = quantile_mask(variance);
  } else if (variant == "v1") {
    change = -(by_e * (-s / kPasses) - (m - e) * 2) / 128;
    mask = centred > static_cast<float>(tau);
  } else if (variant == "v2") {
    change = -by_m * (-s / (kPasses - 1)) / 128;
    mask = centred > static_cast<float>(tau);
  } else if (variant == "v3") {
    change = e * (by_m * (-s / (kPasses - 1)) / (at::sqrt(variance) * 2) / 128) - e;
    mask = quantile_mask(at::sqrt(variance));
  } else if (variant == "v4") {
    change = (slope(step_.view.x) + by_e / kPasses) * (0.1 / 128);
    mask = quantile_mask(centred);
  } else {
    auto with_e = answers.of;
    with_e.push_back(e);
    const at::Tensor u = at::stack(with_e).var(0, true), precision = 1 / u;
    const at::Tensor over_batch = answers.of.back().sum(0, true);
    change = precision * over_batch / (precision * kPasses + 1 / (level.alpha * level.alpha)) - e;
    mask = quantile_mask(u);
  }
  ASSERT_GT(mask.sum().item<int>(), 0);
  ASSERT_LT(mask.sum().item<int>(), mask.numel());
  const at::Tensor expected = at::where(mask, e + change, e);
  EXPECT_LT((answers.eps - expected).abs().max().item<double>(),
            1e-6 * at::where(mask, change, e * 0).abs().max().item<double>());
}

/// The released code re-noises to the level of time = solver index, with the noise that the right level gets too.
TEST_P(Variants, RenoisesToItsLevel) {
  const std::string variant = GetParam();
  const auto answers = run(1e9);
  const bool right_level = variant == "paper" || variant == "v7";
  const double sigma = right_level ? step_.view.level.sigma : denoiser_->schedule().level({1.0}).sigma;
  const auto reference = step_.run(*test::guidance({}, *denoiser_), kPasses);
  for (int i = 0; i < kPasses; ++i) {
    const at::Tensor z = (answers.x[i] - step_.view.x) / sigma + step_.view.eps;
    const at::Tensor same = (reference.x[i] - step_.view.x) / step_.view.level.sigma + step_.view.eps;
    EXPECT_LT((z - same).abs().max().item<double>(), 1e-6);
    EXPECT_NEAR(z.std().item<double>(), 1, 0.3);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Variants, testing::Values("paper", "v1", "v2", "v3", "v4", "v5", "v7"),
                         [](const auto& info) { return std::string(info.param); });

TEST(RandomSign, MovesByUncertaintyEitherWay) {
  const auto denoiser = test::small_mixture();
  const GuidedStep step(*denoiser);
  const auto answers = step.run(*test::guidance({{"variant", "v6"}, {"quantile", 0.2}}, *denoiser), kPasses);
  at::Tensor u = at::zeros_like(step.view.eps);
  for (const at::Tensor& answer : answers.of) u = u + (answer - step.view.eps).pow(2) / kPasses;
  const at::Tensor change = answers.eps - step.view.eps, moved = change != 0;
  EXPECT_LT((change.abs() - u).masked_select(moved).abs().max().item<double>(), 1e-12);
  const int up = (change > 0).sum().item<int>(), down = (change < 0).sum().item<int>();
  EXPECT_GT(up, 20);
  EXPECT_GT(down, 20);
  EXPECT_NEAR(up + down, 0.8 * change.numel(), 3);
}

TEST(Posterior, OfThePassesIsAMeanThatIgnoresTheBatch) {
  const auto denoiser = test::small_mixture();
  const GuidedStep step(*denoiser);
  const Json config{{"action", "posterior"}, {"mask", "all"}};
  const auto answers = step.run(*test::guidance(config, *denoiser), kPasses);
  const at::Tensor all = at::stack(answers.of), u = all.var(0, true);
  const double alpha_bar = step.view.level.alpha * step.view.level.alpha;
  EXPECT_LT((answers.eps - all.sum(0) / u / (kPasses / u + 1 / alpha_bar)).abs().max().item<double>(), 1e-9);
  EXPECT_EQ(answers.backward_rows, 0u);
  EXPECT_EQ(answers.questions, 5u);
}

}  // namespace
}  // namespace alea
