#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "models/models.h"
#include "samplers/noise.h"
#include "samplers/samplers.h"
#include "samplers/timesteps.h"
#include "tests/support/plugins.h"

namespace alea {
namespace {

using test::code_of;
using test::make;

const NoiseSchedule& schedule() {
  static const NoiseSchedule schedule{ScheduleOptions{}};
  return schedule;
}

std::unique_ptr<SamplerFactory> ddim(Json options, std::uint64_t seed = 0) {
  options["kind"] = "ddim";
  const SamplerContext context{schedule(), seed};
  return make<SamplerFactory, const SamplerContext&>(sampler_registry(), options, context);
}

template <class Network>
at::Tensor solve(const SamplerFactory& factory, const at::Tensor& x_T, const Ids& ids, Network&& network) {
  const auto sampler = factory.start(x_T, ids);
  while (const auto query = sampler->next()) sampler->feed({network(*query)});
  return sampler->sample();
}

at::Tensor predict_with(Denoiser& denoiser, const Query& query) {
  return denoiser.predict({.x = query.x, .t = at::full({query.x.size(0)}, query.t.value, at::kFloat), .ids = query.ids}).eps;
}

const Json& peer() {
  static const Json json = read_json_file(ALEA_SOURCE_DIR "/tests/fixtures/ddim_diffusers.json");
  return json;
}

TEST(DdimTimes, EqualThoseOfDiffusers) {
  for (const Json& row : peer()["times"]) {
    const auto times = spaced_times(row["spacing"], row["steps"], 1000, row.value("steps_offset", 0));
    std::vector<double> found;
    for (const TrainTime t : times) found.push_back(t.value);
    EXPECT_EQ(found, row["times"].get<std::vector<double>>()) << row["spacing"] << " " << row["steps"];
  }
}

TEST(DdimTimes, RefuseWhatTheNetworkWasNotTrainedFor) {
  EXPECT_EQ(code_of([] { spaced_times("leading", 0, 1000, 0); }), ErrorCode::config);
  EXPECT_EQ(code_of([] { spaced_times("leading", 1001, 1000, 0); }), ErrorCode::config);
  EXPECT_EQ(code_of([] { spaced_times("leading", 50, 1000, 20); }), ErrorCode::config);
  EXPECT_EQ(code_of([] { spaced_times("linspace", 50, 1000, 1); }), ErrorCode::config);
  EXPECT_EQ(code_of([] { spaced_times("leadin", 50, 1000, 0); }), ErrorCode::config);
}

TEST(Ddim, TrajectoriesEqualThoseOfDiffusers) {
  const at::Tensor x_T = at::tensor(peer()["x_T"].get<std::vector<float>>()).reshape({1, 1, 1, 4});
  for (const Json& run : peer()["runs"]) {
    const auto factory = ddim({{"steps", run["steps"]},
                               {"spacing", run["spacing"]},
                               {"steps_offset", run["offset"]},
                               {"previous", "stride"},
                               {"clip", run["clip"]},
                               {"final_alpha", run["one"].get<bool>() ? "one" : "first"},
                               {"rederive_eps", run["rederive_eps"]}});
    const at::Tensor sample =
        solve(*factory, x_T, {0}, [](const Query& query) { return at::tanh(query.x * 0.7 + 0.001 * query.t.value); }).flatten();
    for (int i = 0; i < 4; ++i) {
      const double expected = run["sample"][i];
      EXPECT_NEAR(sample[i].item<float>(), expected, 2e-5 * (1 + std::abs(expected))) << run;
    }
  }
}

/// Relative error of the deterministic sample against the flow's solution x_0 = x_T s / sqrt(v(t_first)), data N(0, s^2).
double gaussian_error(const Json& options, double std) {
  const auto denoiser = make(model_registry(), {{"kind", "toy_gaussian"}, {"height", 1}, {"width", 4}, {"std", std}});
  const auto factory = ddim(options);
  const at::Tensor x_T = initial_noise(11, {0, 1}, denoiser->spec().shape);
  double first_time = -1;
  const at::Tensor sample = solve(*factory, x_T, {0, 1}, [&](const Query& query) {
    if (first_time < 0) first_time = query.t.value;
    return predict_with(*denoiser, query);
  });
  const double alpha_bar = schedule().alpha_bar({first_time});
  const at::Tensor exact = x_T * (std / std::sqrt(alpha_bar * std * std + 1 - alpha_bar));
  return ((sample - exact).abs().max() / exact.abs().max()).item<double>();
}

TEST(Ddim, ConvergesToTheKnownLawAtOrderOne) {
  for (const char* spacing : {"leading", "trailing", "linspace"}) {
    std::vector<double> errors;
    for (const int steps : {125, 250, 500})
      errors.push_back(gaussian_error({{"steps", steps}, {"spacing", spacing}, {"clip", false}}, 0.5));
    EXPECT_LT(errors.back(), 0.01) << spacing;
    for (int i = 0; i < 2; ++i) {
      EXPECT_GT(errors[i] / errors[i + 1], 1.7) << spacing;
      EXPECT_LT(errors[i] / errors[i + 1], 2.3) << spacing;
    }
  }
}

TEST(Ddim, FullNoiseSamplesHaveTheVarianceOfTheData) {
  const double std = 0.5;
  const auto denoiser = make(model_registry(), {{"kind", "toy_gaussian"}, {"height", 64}, {"width", 64}, {"std", std}});
  const auto factory = ddim({{"steps", 1000}, {"eta", 1}, {"clip", false}}, 5);
  const Ids ids{0, 1};
  const at::Tensor sample = solve(*factory, initial_noise(5, ids, denoiser->spec().shape), ids,
                                  [&](const Query& query) { return predict_with(*denoiser, query); });
  const double variance = (sample * sample).mean().item<double>();
  EXPECT_NEAR(variance / (std * std), 1, 0.08);  // five standard errors of 8,192 elements
}

TEST(Ddim, NoiseOfAStepIsSigmaTimesTheDrawOfItsIdAndIndex) {
  const Ids ids{6, 2};
  const at::Tensor x_T = initial_noise(1, ids, {1, 2, 2}), eps = initial_noise(2, ids, {1, 2, 2});
  const auto sampler = ddim({{"steps", 4}, {"eta", 0.5}, {"clip", false}}, 9)->start(x_T, ids);
  sampler->next();
  EXPECT_EQ(sampler->view({eps}).level, schedule().level({750}));
  sampler->feed({eps});
  const double now = schedule().alpha_bar({750}), then = schedule().alpha_bar({500});
  const double sigma = 0.5 * std::sqrt((1 - then) / (1 - now)) * std::sqrt(1 - now / then);
  const at::Tensor noise = draw_normals({.seed = 9, .stream = Stream::sampler_noise, .step = 0}, ids, {1, 2, 2});
  const at::Tensor expected =
      predict_x0(x_T, eps, level_of_alpha_bar(now)) * std::sqrt(then) + eps * std::sqrt(1 - then - sigma * sigma) + noise * sigma;
  EXPECT_LT((sampler->next()->x - expected).abs().max().item<double>(), 1e-5);
}

TEST(Ddim, LastStepReturnsTheClippedCleanImage) {
  const at::Tensor x_T = initial_noise(3, {0}, {1, 4, 4}) * 3, eps = initial_noise(4, {0}, {1, 4, 4});
  for (const bool clip : {true, false}) {
    const auto sampler = ddim({{"steps", 1}, {"steps_offset", 300}, {"clip", clip}})->start(x_T, {0});
    ASSERT_EQ(sampler->next()->t.value, 300);
    const at::Tensor x0 = predict_x0(x_T, eps, schedule().level({300}));
    const at::Tensor expected = clip ? at::clamp(x0, -1, 1) : x0;
    ASSERT_GT(x0.abs().max().item<float>(), 1.5);
    EXPECT_TRUE(at::equal(sampler->view({eps}).x0, expected));
    sampler->feed({eps});
    EXPECT_TRUE(at::equal(sampler->sample(), expected));
    EXPECT_FALSE(sampler->next());
  }
}

TEST(Ddim, ViewSaysWhereTheStepIs) {
  const auto factory = ddim({});
  EXPECT_EQ(factory->nfe(), 50);
  EXPECT_EQ(factory->n_steps(), 50);
  const Ids ids{8};
  const auto sampler = factory->start(initial_noise(0, ids, {1, 2, 2}), ids);
  for (int i = 0; i < 50; ++i) {
    const auto query = sampler->next();
    const StepView view = sampler->view({query->x * 0});
    EXPECT_EQ(view.index, SolverIndex{i});
    EXPECT_EQ(view.n_steps, 50);
    EXPECT_EQ(view.t, TrainTime{980.0 - 20 * i});
    EXPECT_EQ(view.level, schedule().level(view.t));
    EXPECT_TRUE(at::equal(view.x, query->x));
    EXPECT_EQ(*view.ids, ids);
    EXPECT_EQ(query->ids, ids);
    sampler->feed({query->x * 0});
  }
}

TEST(Ddim, RefusesToBeAskedOutOfTurn) {
  const at::Tensor x = initial_noise(0, {1}, {1, 2, 2});
  const auto sampler = ddim({{"steps", 1}})->start(x, {1});
  EXPECT_EQ(code_of([&] { sampler->sample(); }), ErrorCode::internal);
  sampler->feed({x});
  EXPECT_EQ(code_of([&] { sampler->feed({x}); }), ErrorCode::internal);
  EXPECT_EQ(code_of([&] { ddim({})->start(x, {1, 2}); }), ErrorCode::shape);
  EXPECT_EQ(code_of([&] { ddim({})->start(x, {1})->feed({x.narrow(2, 0, 1)}); }), ErrorCode::shape);
}

TEST(Ddim, ConfigNamesWhatIsWrong) {
  for (const Json& wrong :
       std::vector<Json>{{{"steps", 0}}, {{"steps", 1001}}, {{"spacing", "even"}}, {{"eta", 1.5}}, {{"step", 3}}})
    EXPECT_EQ(code_of([&] { ddim(wrong); }), ErrorCode::config) << wrong;
}

}  // namespace
}  // namespace alea
