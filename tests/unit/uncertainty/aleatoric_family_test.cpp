#include <ATen/ops/equal.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/sqrt.h>
#include <gmock/gmock.h>

#include "models/parametrisation.h"
#include "samplers/noise.h"
#include "tests/unit/uncertainty/watch.h"
#include "uncertainty/aleatoric_perturbation.h"

namespace alea {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Ids kId{4};

Json one_step(Json options) {
  options["kind"] = "aleatoric";
  options["first_index"] = options["last_index"] = 0;
  return options;
}

/// Data N(0, 0.6^2), whose noise prediction is c x.
struct Linear {
  std::unique_ptr<Denoiser> denoiser = make(model_registry(), toy({{"kind", "toy_gaussian"}, {"std", 0.6}}));
  double t = 300, s = 240;
  NoiseLevel from = denoiser->schedule().level({t}), to = denoiser->schedule().level({s});
  double c = from.sigma / (from.alpha * from.alpha * 0.36 + from.sigma * from.sigma);
  double x0_of(double x) const { return (x - from.sigma * c * x) / from.alpha; }
  double next_of(double x) const { return to.alpha * x0_of(x) + to.sigma * c * x; }

  std::vector<Measured> measure(const Json& options, int n_steps = 1) {
    const auto factory = estimator(one_step(options), n_steps, 17, denoiser.get());
    std::vector<Measured> out;
    for (const auto& output : show(*factory, view_at(*denoiser, at_places(), t, s, kId), n_steps,
                                   [&](const Query& query) { return answer(*denoiser, query); }))
      out.push_back(summarise(output.map));
    return out;
  }
};

TEST(AleatoricStatistics, DifferByTheirDivisors) {
  Linear linear;
  const auto u = linear.measure({{"statistics", {"variance", "variance_biased", "variance_sum", "centred"}}});
  for (std::size_t k = 0; k < kPlaces.size(); ++k) {
    EXPECT_NEAR(u[1].mean[k], u[0].mean[k] * 4 / 5, 1e-6 * u[0].mean[k]);
    EXPECT_NEAR(u[2].mean[k], u[0].mean[k] * 4, 1e-5 * u[0].mean[k]);
    EXPECT_GT(u[3].mean[k], u[1].mean[k]);
  }
}

TEST(AleatoricPrefixes, OfOneRunEqualRunsOfTheirOwn) {
  const auto denoiser = make(model_registry(), {{"kind", "toy_mixture"}, {"height", 3}, {"width", 4}});
  const Ids ids{5, 9};
  const auto run = [&](Json options) {
    options["kind"] = "aleatoric";
    const auto sampler = ddim(denoiser->schedule(), {{"steps", 50}})->start(initial_noise(3, ids, denoiser->spec().shape), ids);
    return watch(*denoiser, *sampler, *estimator(options, 50, 3)->start(ids));
  };
  const auto together = run({{"passes", 20}, {"prefixes", {5, 10}}});
  std::vector<std::string> names;
  for (const auto& output : together) names.push_back(output.name);
  EXPECT_THAT(names, ElementsAre("aleatoric.variance", "aleatoric.centred", "aleatoric.variance.m5", "aleatoric.centred.m5",
                                 "aleatoric.variance.m10", "aleatoric.centred.m10"));
  for (const auto& [m, first] : {std::pair{20, 0}, {5, 2}, {10, 4}}) {
    const auto alone = run({{"passes", m}});
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_TRUE(at::equal(together[first + i].step_scores, alone[i].step_scores)) << m;
      EXPECT_TRUE(at::equal(together[first + i].map, alone[i].map)) << m;
    }
  }
  EXPECT_FALSE(at::equal(together[0].map, together[2].map));
}

TEST(AleatoricPredictNext, EqualsItsClosedFormOnTheGaussian) {
  Linear linear;
  const auto u = linear.measure({{"perturbation", "predict_next"}});
  const double a = linear.from.alpha / linear.to.alpha;
  const double b2 = linear.from.sigma * linear.from.sigma - a * a * linear.to.sigma * linear.to.sigma;
  for (std::size_t k = 0; k < kPlaces.size(); ++k) {
    const double x = kPlaces[k], moved = a * linear.next_of(x) - x;
    expect_within_error(u[0], k, linear.c * linear.c * b2, "variance");
    expect_within_error(u[1], k, linear.c * linear.c * (b2 + moved * moved), "centred");
  }
}

TEST(AleatoricPredictNext, TheReleasedCodesKernelIsOneTrainingStep) {
  Linear linear;
  const auto u = linear.measure({{"perturbation", "predict_next"}, {"kernel", "training_step"}});
  const auto& schedule = linear.denoiser->schedule();
  const double beta = 1 - schedule.alpha_bar({linear.t}) / schedule.alpha_bar({linear.t - 1});
  for (std::size_t k = 0; k < kPlaces.size(); ++k) {
    const double moved = std::sqrt(1 - beta) * linear.next_of(kPlaces[k]) - kPlaces[k];
    expect_within_error(u[0], k, linear.c * linear.c * beta, "variance");
    expect_within_error(u[1], k, linear.c * linear.c * (beta + moved * moved), "centred");
  }
}

TEST(AleatoricZigzag, IsAChainOfRoundsThroughTheStepsThatFollow) {
  Linear linear;
  const int rounds = 3;
  const auto u = linear.measure({{"perturbation", "zigzag"}, {"rounds", rounds}}, rounds);
  const double a = linear.from.alpha / linear.to.alpha, factor = a * linear.next_of(1);
  const double b2 = linear.from.sigma * linear.from.sigma - a * a * linear.to.sigma * linear.to.sigma;
  const double spread = b2 * (1 + std::pow(factor, 2) + std::pow(factor, 4));
  for (std::size_t k = 0; k < kPlaces.size(); ++k) {
    const double moved = kPlaces[k] * (std::pow(factor, rounds) - 1);
    expect_within_error(u[0], k, linear.c * linear.c * spread, "variance");
    expect_within_error(u[1], k, linear.c * linear.c * (spread + moved * moved), "centred");
  }
  EXPECT_EQ(estimator({{"kind", "aleatoric"}, {"perturbation", "zigzag"}, {"last_index", 47}}, 50)->extra_nfe(), 5 * 3 * 3);
  EXPECT_EQ(code_of([] { estimator({{"kind", "aleatoric"}, {"perturbation", "zigzag"}}, 50); }), ErrorCode::config);
}

TEST(AleatoricLegacy, X0TakesTheCleanImageForTheNoise) {
  Linear linear;
  const auto u = linear.measure({{"legacy_x0", true}});
  for (std::size_t k = 0; k < kPlaces.size(); ++k) {
    const double x = kPlaces[k], x0 = linear.x0_of(x), offset = linear.c * (x - linear.from.sigma * x0) - x0;
    const double spread = linear.c * linear.c * linear.from.sigma * linear.from.sigma;
    expect_within_error(u[0], k, spread, "variance");
    expect_within_error(u[1], k, spread + offset * offset, "centred");
  }
}

TEST(AleatoricLegacy, FlowTakesSigmaForAlphaBar) {
  const at::Tensor x0 = initial_noise(1, kId, {1, 2, 3}), z = initial_noise(2, kId, {1, 2, 3});
  const StepView step{.index = {0}, .level = {0.25, 0.75}, .x0 = x0, .unclipped_x0 = x0, .ids = &kId};
  const NoiseSchedule flow({.kind = "flow"}), linear{ScheduleOptions{}};
  AleatoricOptions options;
  EXPECT_TRUE(at::equal(AleatoricPerturbation(options, &flow).first(step, z), x0 * 0.25 + z * 0.75));
  options.legacy_flow = true;
  EXPECT_TRUE(at::equal(AleatoricPerturbation(options, &flow).first(step, z), x0 * std::sqrt(0.75) + z * 0.5));
  EXPECT_EQ(code_of([&] { AleatoricPerturbation(options, &linear); }), ErrorCode::config);
}

TEST(AleatoricClip, IsTheSamplersUnlessOneSaysOtherwise) {
  const at::Tensor raw = initial_noise(1, kId, {1, 2, 300}) * 2, z = initial_noise(2, kId, {1, 2, 300});
  const at::Tensor inside = at::clamp(raw, -1, 1);
  const NoiseLevel level{0.8, 0.6};
  const auto noised = [&](const std::string& clip, bool sampler_clips) {
    AleatoricOptions options;
    options.clip = clip;
    return AleatoricPerturbation(options, nullptr)
        .first({.index = {0}, .level = level, .x0 = sampler_clips ? inside : raw, .unclipped_x0 = raw, .ids = &kId}, z);
  };
  const at::Tensor clipped = add_noise(inside, z, level), unclipped = add_noise(raw, z, level);
  EXPECT_FALSE(at::equal(clipped, unclipped));
  EXPECT_TRUE(at::equal(noised("sampler", true), clipped));
  EXPECT_TRUE(at::equal(noised("sampler", false), unclipped));
  EXPECT_TRUE(at::equal(noised("always", false), clipped));
  EXPECT_TRUE(at::equal(noised("never", true), unclipped));
}

TEST(AleatoricFamily, NamesAndDeparturesSayWhatIsNotThePapers) {
  EXPECT_TRUE(estimator({{"kind", "aleatoric"}}, 50)->departures().empty());
  const auto variant = estimator({{"kind", "aleatoric"}, {"perturbation", "predict_next"}, {"clip", "never"}}, 50);
  EXPECT_THAT(variant->statistics(),
              ElementsAre("aleatoric.predict_next.unclipped.variance", "aleatoric.predict_next.unclipped.centred"));
  EXPECT_THAT(variant->departures(), ElementsAre(HasSubstr("experiment"), HasSubstr("unclipped")));
  EXPECT_THAT(estimator({{"kind", "aleatoric"}, {"legacy_x0", true}}, 50)->departures(), ElementsAre(HasSubstr("2-DPM")));
}

TEST(AleatoricFamily, RefusesOptionsThatExcludeEachOther) {
  for (const Json& options : std::vector<Json>{{{"prefixes", {5}}},
                                               {{"prefixes", {4, 3}}},
                                               {{"statistics", Json::array()}},
                                               {{"statistics", {"centred", "centred"}}},
                                               {{"kernel", "training_step"}},
                                               {{"legacy_x0", true}, {"clip", "never"}},
                                               {{"legacy_flow", true}, {"perturbation", "zigzag"}}}) {
    Json config = options;
    config["kind"] = "aleatoric";
    EXPECT_EQ(code_of([&] { estimator(config, 50); }), ErrorCode::config) << config;
  }
}

/// One toy that predicts eps, x0, v or (its state scaled by alpha + sigma) a flow's velocity.
class Parametrisations : public testing::Test {
 protected:
  at::Tensor eps_of(const at::Tensor& x) { return answer(*denoiser_, {.x = x, .t = {kTime}, .ids = kId}).eps; }

  at::Tensor map_of(const NoiseLevel& level, const at::Tensor& x, const std::function<at::Tensor(const at::Tensor&)>& recovered) {
    StepView view{.index = {0}, .t = {kTime}, .level = level, .x = x, .ids = &kId};
    view.eps = recovered(x);
    view.x0 = view.unclipped_x0 = predict_x0(x, view.eps, level);
    const auto factory = estimator(one_step(Json::object()), 1, 17);
    return show(*factory, view, 1, [&](const Query& query) { return Prediction{.eps = recovered(query.x)}; })[0].map;
  }

  static constexpr double kTime = 400;
  std::unique_ptr<Denoiser> denoiser_ = make(model_registry(), {{"kind", "toy_mixture"}, {"height", 4}, {"width", 50}});
  NoiseLevel level_ = denoiser_->schedule().level({kTime});
};

TEST_F(Parametrisations, AllFourGiveOneU) {
  const at::Tensor x = initial_noise(3, kId, {1, 4, 50});
  const auto [alpha, sigma] = level_;
  const at::Tensor u = map_of(level_, x, [&](const at::Tensor& y) { return eps_of(y); });
  const at::Tensor of_x0 =
      map_of(level_, x, [&](const at::Tensor& y) { return eps_from_x0(y, (y - eps_of(y) * sigma) / alpha, level_); });
  const at::Tensor of_v = map_of(level_, x, [&](const at::Tensor& y) {
    const at::Tensor x0 = (y - eps_of(y) * sigma) / alpha;
    return eps_from_v(y, eps_of(y) * alpha - x0 * sigma, level_);
  });
  const double scale = alpha + sigma;
  const NoiseLevel flow{alpha / scale, sigma / scale};
  const at::Tensor of_flow = map_of(flow, x / scale, [&](const at::Tensor& y) {
    const at::Tensor eps = eps_of(y * scale), x0 = (y - eps * flow.sigma) / flow.alpha;
    return eps_from_flow(y, eps - x0, flow);
  });
  for (const at::Tensor& other : {of_x0, of_v, of_flow})
    EXPECT_LT((other - u).abs().max().item<double>(), 1e-4 * u.max().item<double>());
  EXPECT_GT(u.max().item<double>(), 0.01);
}

}  // namespace
}  // namespace alea
