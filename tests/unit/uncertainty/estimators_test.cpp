#include "uncertainty/estimators.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>

#include "samplers/noise.h"
#include "tests/unit/uncertainty/watch.h"

namespace alea {
namespace {

using namespace test;

/// Algorithm 1 at x = kPlaces and one time t: the variance statistic and the centred one.
std::array<Measured, 2> measure(Denoiser& denoiser, int t, bool clip) {
  const auto sampler_factory = ddim(denoiser.schedule(), {{"steps", 1}, {"steps_offset", t}, {"clip", clip}});
  const auto factory = estimator({{"kind", "aleatoric"}, {"first_index", 0}, {"last_index", 0}}, 1, 17);
  const auto sampler = sampler_factory->start(at_places(), {4});
  const auto outputs = watch(denoiser, *sampler, *factory->start({4}));
  return {summarise(outputs.at(0).map), summarise(outputs.at(1).map)};
}

struct Component {
  double weight, mean, std;
};

/// The exact noise in x_t, from the posterior mean: eps = (x - sqrt(alpha_bar) E[x0 | x]) / sqrt(1 - alpha_bar).
double exact_eps(const std::vector<Component>& law, double x, double alpha_bar) {
  double density = 0, weighted_mean = 0;
  const double root = std::sqrt(alpha_bar);
  for (const auto& [weight, mean, std] : law) {
    const double v = alpha_bar * std * std + 1 - alpha_bar, offset = x - root * mean;
    const double p = weight * std::exp(-0.5 * offset * offset / v) / std::sqrt(v);
    density += p;
    weighted_mean += p * (mean + root * std * std / v * offset);
  }
  return (x - root * weighted_mean / density) / std::sqrt(1 - alpha_bar);
}

struct Exact {
  double variance, centred, x0;
};

/// Averages over the re-noising kernel by the trapezoidal rule, which is exact to rounding for such smooth integrands.
Exact quadrature(const std::vector<Component>& law, double x, double alpha_bar, bool clip) {
  const double e = exact_eps(law, x, alpha_bar);
  double x0 = (x - std::sqrt(1 - alpha_bar) * e) / std::sqrt(alpha_bar);
  const double unclipped = x0;
  if (clip) x0 = std::min(1.0, std::max(-1.0, x0));
  double mean = 0, square = 0, centred = 0;
  const double step = 1e-3;
  for (int i = -8000; i <= 8000; ++i) {
    const double z = i * step, weight = step * std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi);
    const double d = exact_eps(law, std::sqrt(alpha_bar) * x0 + std::sqrt(1 - alpha_bar) * z, alpha_bar) - e;
    mean += weight * d;
    square += weight * d * d;
  }
  centred = square;
  return {square - mean * mean, centred, unclipped};
}

TEST(Aleatoric, EqualsQuadratureOnTheMixture) {
  const std::vector<Component> law{{0.3, -0.7, 0.2}, {0.7, 0.6, 0.5}};
  const auto denoiser =
      make(model_registry(),
           toy({{"kind", "toy_mixture"}, {"weight", 0.3}, {"mean_1", -0.7}, {"mean_2", 0.6}, {"std_1", 0.2}, {"std_2", 0.5}}));
  for (const bool clip : {true, false}) {
    int clipped = 0, free = 0;
    for (const int t : {60, 200, 500}) {
      const double alpha_bar = denoiser->schedule().alpha_bar({static_cast<double>(t)});
      const auto [variance, centred] = measure(*denoiser, t, clip);
      for (std::size_t k = 0; k < kPlaces.size(); ++k) {
        const Exact exact = quadrature(law, kPlaces[k], alpha_bar, clip);
        const std::string where = fmt::format("t = {}, clip {}", t, clip);
        expect_within_error(variance, k, exact.variance, "variance, " + where);
        expect_within_error(centred, k, exact.centred, "centred, " + where);
        ++(std::abs(exact.x0) > 1.1 ? clipped : free);
      }
    }
    EXPECT_GE(clipped, 3);
    EXPECT_GE(free, 10);
  }
}

TEST(Aleatoric, EqualsTheClosedFormsOnTheGaussian) {
  const double std = 0.6;
  const auto denoiser = make(model_registry(), toy({{"kind", "toy_gaussian"}, {"std", std}}));
  for (const int t : {60, 200, 700}) {
    const double alpha_bar = denoiser->schedule().alpha_bar({static_cast<double>(t)});
    const double v = alpha_bar * std * std + 1 - alpha_bar, u = (1 - alpha_bar) * (1 - alpha_bar) / (v * v);
    const auto [variance, centred] = measure(*denoiser, t, false);
    for (std::size_t k = 0; k < kPlaces.size(); ++k) {
      const double eps = kPlaces[k] * std::sqrt(1 - alpha_bar) / v;
      expect_within_error(variance, k, u, fmt::format("variance, t = {}", t));
      expect_within_error(centred, k, u * (1 + eps * eps), fmt::format("centred, t = {}", t));
    }
  }
}

Json small_mixture() { return {{"kind", "toy_mixture"}, {"height", 3}, {"width", 4}}; }

TEST(Aleatoric, AsksOnlyInsideItsWindowAtTheTimeAndIdsOfTheStep) {
  const auto denoiser = make(model_registry(), small_mixture());
  const auto factory = estimator({{"kind", "aleatoric"}, {"passes", 3}, {"first_index", 1}, {"last_index", 2}}, 4);
  EXPECT_EQ(factory->extra_nfe(), 6);
  EXPECT_EQ(factory->window(4), (std::vector<SolverIndex>{{1}, {2}}));
  const Ids ids{5, 9};
  const auto watcher = factory->start(ids);
  const auto sampler = ddim(denoiser->schedule(), {{"steps", 4}})->start(initial_noise(0, ids, denoiser->spec().shape), ids);
  for (int i = 0; i < 4; ++i) {
    const Prediction prediction = answer(*denoiser, *sampler->next());
    const StepView view = sampler->view(prediction);
    const auto rows = watcher->rows(view);
    ASSERT_EQ(rows.size(), i == 1 || i == 2 ? 3u : 0u);
    for (std::size_t pass = 0; pass < rows.size(); ++pass) {
      const DrawKey key{
          .stream = Stream::re_noise, .step = static_cast<std::uint32_t>(i), .pass = static_cast<std::uint32_t>(pass)};
      EXPECT_EQ(rows[pass].t, view.t);
      EXPECT_EQ(rows[pass].ids, ids);
      EXPECT_TRUE(at::equal(rows[pass].x, add_noise(view.x0, draw_normals(key, ids, denoiser->spec().shape), view.level)));
    }
    std::vector<Prediction> answers;
    for (const Query& row : rows) answers.push_back(answer(*denoiser, row));
    watcher->consume(view, answers);
    sampler->feed(prediction);
  }
}

TEST(Aleatoric, RowsOfAnIdDoNotDependOnItsCompanions) {
  const auto denoiser = make(model_registry(), small_mixture());
  const auto sampler_factory = ddim(denoiser->schedule(), {{"steps", 50}});
  const auto factory = estimator({{"kind", "aleatoric"}}, 50, 3);
  const auto run = [&](const Ids& ids) {
    const auto sampler = sampler_factory->start(initial_noise(3, ids, denoiser->spec().shape), ids);
    return watch(*denoiser, *sampler, *factory->start(ids));
  };
  const auto together = run({1, 2, 3}), alone = run({3});
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_EQ(together[k].name, factory->statistics()[k]);
    EXPECT_EQ(together[k].step_scores.sizes(), at::IntArrayRef({3, 4}));
    EXPECT_TRUE(at::equal(together[k].step_scores[2], alone[k].step_scores[0]));
    EXPECT_TRUE(at::equal(together[k].map[2], alone[k].map[0]));
    const at::Tensor from_map = together[k].map.to(at::kDouble).sum({1, 2, 3}), from_scores = together[k].step_scores.sum(1);
    EXPECT_LT(((from_map - from_scores) / from_scores).abs().max().item<double>(), 1e-6);
  }
}

TEST(Aleatoric, RefusesAWindowBeyondTheSampler) {
  EXPECT_EQ(code_of([] { estimator({{"kind", "aleatoric"}}, 20); }), ErrorCode::config);
  EXPECT_EQ(code_of([] { estimator({{"kind", "aleatoric"}, {"passes", 1}}, 50); }), ErrorCode::config);
}

TEST(EpsEnergy, IsTheSumOfSquaresOfTheSamplersOwnPredictions) {
  const Ids ids{0, 1};
  const auto watcher = estimator({{"kind", "eps_energy"}, {"first_index", 1}, {"last_index", 1}}, 2)->start(ids);
  const at::Tensor eps = initial_noise(1, ids, {1, 2, 2});
  for (int i = 0; i < 2; ++i) {
    StepView view;
    view.index = {i};
    view.eps = eps * (i + 1);
    view.ids = &ids;
    EXPECT_TRUE(watcher->rows(view).empty());
    watcher->consume(view, {});
  }
  const auto outputs = watcher->outputs();
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_EQ(outputs[0].name, "free.eps_energy");
  const at::Tensor expected = (eps * 2).pow(2);
  EXPECT_LT((outputs[0].map - expected).abs().max().item<double>(), 1e-6);
  EXPECT_LT((outputs[0].step_scores.squeeze(1) - expected.to(at::kDouble).sum({1, 2, 3})).abs().max().item<double>(), 1e-5);
}

TEST(RandomScore, IsUniformByIdAndWithoutAMap) {
  Ids ids;
  for (SampleId id = 0; id < 4000; ++id) ids.push_back(id);
  const auto outputs = estimator({{"kind", "random"}}, 50, 6)->start(ids)->outputs();
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_FALSE(outputs[0].map.defined());
  const at::Tensor scores = outputs[0].step_scores;
  EXPECT_EQ(scores.sizes(), at::IntArrayRef({4000, 1}));
  EXPECT_NEAR(scores.mean().item<double>(), 0.5, 0.02);  // over four standard errors
  EXPECT_NEAR(scores.std().item<double>(), 1 / std::sqrt(12.0), 0.01);
  EXPECT_EQ(estimator({{"kind", "random"}}, 50, 6)->start({77})->outputs()[0].step_scores.item<double>(),
            scores[77][0].item<double>());
  EXPECT_NE(estimator({{"kind", "random"}}, 50, 7)->start({77})->outputs()[0].step_scores.item<double>(),
            scores[77][0].item<double>());
}

}  // namespace
}  // namespace alea
