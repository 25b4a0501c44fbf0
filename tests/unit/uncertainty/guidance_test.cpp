#include "uncertainty/guidance.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "tests/unit/uncertainty/guided_step.h"
#include "uncertainty/guidance_mask.h"

namespace alea {
namespace {

using test::code_of;
using test::guidance;
using test::guidance_options;
using test::GuidedStep;

at::Tensor map_of(std::vector<double> values) { return at::tensor(values).reshape({1, 1, 1, -1}); }

TEST(QuantilePerImage, IsLinearBetweenOrderStatistics) {
  for (const auto& [q, expected] : {std::pair{0.0, 1.0}, {0.5, 2.5}, {0.95, 3.85}, {1.0, 4.0}})
    EXPECT_NEAR(quantile_per_image(map_of({3, 1, 4, 2}), q).item<double>(), expected, 1e-12) << q;
}

TEST(GuidanceMask, IsStrictAndHasTwoSides) {
  const Window window(0, 3, 4);
  const at::Tensor u = map_of({1, 2, 2, 3, 4});
  const auto mask = [&](const Json& options) {
    return GuidanceMask(guidance_options(options), window, nullptr).of({0}, u).flatten().to(at::kInt);
  };
  EXPECT_TRUE(at::equal(mask({{"quantile", 0.5}}), at::tensor({0, 0, 0, 1, 1})));
  EXPECT_TRUE(at::equal(mask({{"quantile", 0.5}, {"mask_side", "below"}}), at::tensor({1, 0, 0, 0, 0})));
  EXPECT_TRUE(at::equal(mask({{"mask", "all"}}), at::tensor({1, 1, 1, 1, 1})));
}

TEST(GuidanceMask, TakesSavedThresholdsOfItsStepAndElement) {
  const Window window(2, 3, 4);
  const auto options = guidance_options({{"mask", "thresholds"}, {"thresholds", "x"}});
  const at::Tensor u = map_of({1, 2, 3});
  const auto mask = [&](GuidanceThresholds thresholds, int index) {
    return GuidanceMask(options, window, std::make_shared<GuidanceThresholds>(std::move(thresholds)))
        .of({index}, u)
        .flatten()
        .to(at::kInt);
  };
  EXPECT_TRUE(at::equal(mask({{2, 3}, {2}, {1, 2}}, 2), at::tensor({0, 1, 1})));
  EXPECT_TRUE(at::equal(mask({{2, 3}, {2}, {1, 2}}, 3), at::tensor({0, 0, 1})));
  EXPECT_TRUE(at::equal(mask({{2, 3}, {2, 1, 1, 3}, {9, 9, 9, 0, 9, 2}}, 3), at::tensor({1, 0, 1})));
  EXPECT_EQ(code_of([&] { mask({{3}, {1}, {1}}, 3); }), ErrorCode::config);
  EXPECT_EQ(code_of([&] { mask({{2, 3}, {2, 1, 1, 2}, {1, 1, 1, 1}}, 2); }), ErrorCode::shape);
  EXPECT_EQ(code_of([&] { GuidanceMask(options, window, nullptr); }), ErrorCode::config);
}

TEST(Guidance, KeptGraphsChangeTheCostAndNoBit) {
  test::SmallUnet denoiser;
  const GuidedStep step(denoiser);
  const auto all = guidance({}, denoiser);
  EXPECT_EQ(all->nfe(), 4 * (5 + 2 * 5));
  const auto expected = step.run(*all, 5);
  EXPECT_EQ(expected.questions, 5u);
  EXPECT_EQ(expected.backward_rows, 5u * step.ids.size());
  for (const int graphs : {0, 2}) {
    const auto some = guidance({{"graphs", graphs}}, denoiser);
    const auto answers = step.run(*some, 5);
    EXPECT_TRUE(at::equal(answers.eps, expected.eps)) << graphs;
    EXPECT_EQ(answers.questions, 10u - graphs);
    EXPECT_EQ(answers.backward_rows, expected.backward_rows);
    EXPECT_EQ(some->nfe(), 4 * (10 - graphs + 2 * 5));
  }
  EXPECT_EQ(guidance({{"variant", "v4"}}, denoiser)->nfe(), 3 * (5 + 1 + 2 * 6));
  EXPECT_EQ(guidance({{"variant", "v6"}}, denoiser)->nfe(), 3 * 5);
}

TEST(Guidance, AnImageDoesNotKnowItsNeighbours) {
  const auto denoiser = test::small_mixture();
  for (const char* variant : {"paper", "v3", "v4", "v6", "v7"}) {
    const auto factory = guidance({{"variant", variant}}, *denoiser);
    const GuidedStep together(*denoiser);
    GuidedStep alone(*denoiser);
    alone.ids = {9};
    for (at::Tensor* part : {&alone.view.x, &alone.view.eps, &alone.view.x0}) *part = part->narrow(0, 2, 1).contiguous();
    EXPECT_TRUE(at::equal(together.run(*factory, 5).eps[2], alone.run(*factory, 5).eps[0])) << variant;
  }
}

TEST(Guidance, LambdaScalesTheChangeAndTheRatioMeasuresIt) {
  const auto denoiser = test::small_mixture();
  const GuidedStep step(*denoiser);
  const auto once = step.run(*guidance({}, *denoiser), 5), twice = step.run(*guidance({{"lambda", 2}}, *denoiser), 5),
             back = step.run(*guidance({{"direction", "descent"}}, *denoiser), 5),
             divided = step.run(*guidance({{"divisor", 128}}, *denoiser), 5),
             none = step.run(*guidance({{"lambda", 0}}, *denoiser), 5);
  const at::Tensor change = once.eps - step.view.eps;
  const auto expect_multiple = [&](const GuidedStep::Answers& answers, double factor) {
    EXPECT_LT((answers.eps - step.view.eps - change * factor).abs().max().item<double>(), 1e-12);
    const at::Tensor ratio = answers.outputs.at(0).step_scores;
    EXPECT_EQ(ratio.sizes(), at::IntArrayRef({3, 4}));
    for (int b = 0; b < 3; ++b)
      EXPECT_NEAR(ratio[b][1].item<double>(), std::abs(factor) * (change[b].norm() / step.view.eps[b].norm()).item<double>(),
                  1e-12);
    EXPECT_EQ(ratio.select(1, 0).abs().sum().item<double>(), 0);
  };
  EXPECT_EQ(once.outputs.at(0).name, "guidance.ratio");
  EXPECT_GT(change.norm().item<double>(), 0);
  expect_multiple(once, 1);
  expect_multiple(twice, 2);
  expect_multiple(back, -1);
  expect_multiple(divided, 1.0 / 128);
  expect_multiple(none, 0);
  EXPECT_TRUE(at::equal(none.eps, step.view.eps));
}

TEST(Guidance, LeavesEpsAloneOutsideItsWindow) {
  const auto denoiser = test::small_mixture();
  const GuidedStep step(*denoiser, 1);
  const auto factory = guidance({{"first_index", 2}}, *denoiser);
  EXPECT_EQ(factory->window(), (std::vector<SolverIndex>{{2}, {3}}));
  const auto answers = step.run(*factory, 5);
  EXPECT_EQ(answers.questions, 0u);
  EXPECT_TRUE(answers.eps.is_same(step.view.eps));
  EXPECT_EQ(code_of([&] { guidance({{"first_index", 3}, {"last_index", 4}}, *denoiser); }), ErrorCode::config);
}

TEST(Guidance, AnObserverSeesUncertaintyAndNothingChanges) {
  const auto denoiser = test::small_mixture();
  const GuidedStep step(*denoiser);
  at::Tensor seen;
  const auto factory = make_guidance(
      guidance_options({{"mask_statistic", "centred"}, {"mask", "thresholds"}, {"thresholds", "x"}}),
      {.schedule = denoiser->schedule(), .seed = 8, .n_steps = 4, .observe = [&](SolverIndex index, const at::Tensor& u) {
         EXPECT_EQ(index.value, 1);
         seen = u;
       }});
  EXPECT_EQ(factory->nfe(), 4 * 5);
  const auto answers = step.run(*factory, 5);
  EXPECT_TRUE(at::equal(answers.eps, step.view.eps));
  const auto guided = step.run(*guidance({{"statistic", "centred"}}, *denoiser), 5);
  EXPECT_NEAR(seen[0].sum().item<double>(), guided.outputs.at(1).step_scores[0][1].item<double>(), 1e-9);
}

TEST(GuidanceOptions, AVariantSetsDefaultsAndEveryKeyOverrides) {
  EXPECT_EQ(guidance_options({}).lambda, 1);
  EXPECT_EQ(guidance_options({{"variant", "v4"}}).lambda, 0.1);
  EXPECT_EQ(guidance_options({{"variant", "v4"}, {"lambda", 3}}).lambda, 3);
  const Json resolved = to_json(guidance_options({{"variant", "v5"}}));
  EXPECT_EQ(resolved.at("posterior_sum"), "batch");
  EXPECT_EQ(to_json(guidance_options(resolved)), resolved);
}

TEST(GuidanceOptions, RefusesWhatDoesNotGoTogether) {
  for (const Json& wrong : std::vector<Json>{{{"variant", "v8"}},
                                             {{"mask", "thresholds"}},
                                             {{"thresholds", "x"}},
                                             {{"variant", "v1"}},
                                             {{"graphs", 6}},
                                             {{"add_eps_gradient", true}},
                                             {{"passes", 1}},
                                             {{"quantile", 1.5}},
                                             {{"lamda", 1}}})
    EXPECT_EQ(code_of([&] { guidance_options(wrong); }), ErrorCode::config) << wrong.dump();
}

}  // namespace
}  // namespace alea
