#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "tests/contract/toys.h"
#include "trajectory/trajectory.h"

namespace alea {
namespace {

class SamplerContract : public ::testing::TestWithParam<std::string> {};

/// A deterministic sampler's relative error against the exact flow; a random one's distance from the law's spread.
double gaussian_error(const std::string& kind, int steps, double std) {
  const auto denoiser = test::gaussian(std);
  const auto factory = test::sampler(kind, steps, *denoiser);
  Ids ids(factory->is_deterministic() ? 3 : 100);
  std::iota(ids.begin(), ids.end(), SampleId{0});
  const at::Tensor sample = run_trajectory(*denoiser, *factory, {}, ids, 1).sample;
  const NoiseLevel end = factory->final_level();
  const double width = std::hypot(end.alpha * std, end.sigma);  // the flow has shrunk x_T to the width of the law there
  if (!factory->is_deterministic()) return std::abs((sample * sample).mean().sqrt().item<double>() / width - 1);
  const at::Tensor exact = initial_noise(1, ids, denoiser->spec().shape).to(sample.device()) * width;
  return ((sample - exact).abs().max() / exact.abs().max()).item<double>();
}

TEST_P(SamplerContract, SamplesTheGaussianFlowEverBetter) {
  double previous = 1;
  for (const int steps : {20, 50, 250, 500}) {
    const double error = gaussian_error(GetParam(), steps, 0.1);
    EXPECT_LT(error, std::max(previous, 0.02)) << steps;
    previous = error;
  }
  EXPECT_LT(previous, test::sampler(GetParam(), 500, *test::gaussian(0.1))->is_deterministic() ? 0.04 : 0.08);
}

TEST_P(SamplerContract, KeepsItsPromisesAboutCostAndShape) {
  const auto denoiser = test::mixture();
  const auto factory = test::sampler(GetParam(), 12, *denoiser);
  const auto result = run_trajectory(*denoiser, *factory, {}, {3, 4}, 1);
  EXPECT_EQ(result.cost.base_nfe, static_cast<std::uint64_t>(factory->nfe()));
  EXPECT_EQ(result.cost.extra_nfe, 0u);
  EXPECT_EQ(result.sample.sizes(), at::IntArrayRef({2, 2, 3, 5}));
  EXPECT_EQ(result.sample.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::isfinite(result.sample).all().item<bool>());
}

TEST_P(SamplerContract, AnIdsSampleDependsOnSeedAndIdAlone) {
  const auto denoiser = test::mixture();
  const auto factory = test::sampler(GetParam(), 12, *denoiser);
  const at::Tensor together = run_trajectory(*denoiser, *factory, {}, {3, 4, 5}, 1).sample;
  EXPECT_TRUE(at::equal(run_trajectory(*denoiser, *factory, {}, {3, 4, 5}, 1).sample, together));
  EXPECT_TRUE(at::equal(run_trajectory(*denoiser, *factory, {}, {5}, 1).sample[0], together[2]));
  EXPECT_FALSE(at::equal(run_trajectory(*denoiser, *factory, {}, {5}, 2).sample[0], together[2]));
}

/// From x at `from` to the end; x_at gets x at every solver index.
at::Tensor walk(Denoiser& denoiser, const SamplerFactory& factory, const at::Tensor& x, SolverIndex from,
                std::map<int, at::Tensor>* x_at = nullptr) {
  const Ids ids{3, 4};
  const at::Device device = denoiser.spec().device;
  const auto sampler = factory.start(x.to(device), ids, from);
  while (const auto query = sampler->next()) {
    const Batch batch{.x = query->x, .t = at::full({2}, query->t.value, at::kFloat).to(device), .ids = ids};
    const Prediction prediction = denoiser.predict(batch);
    if (x_at != nullptr) (*x_at)[sampler->view(prediction).index.value] = query->x;
    sampler->feed(prediction);
  }
  return sampler->sample();
}

TEST_P(SamplerContract, WhatBeginsMidwayGoesOnAsTheWholeTrajectoryDid) {
  const auto denoiser = test::mixture();
  const auto factory = test::sampler(GetParam(), 40, *denoiser);
  std::map<int, at::Tensor> x_at;
  const at::Tensor whole = walk(*denoiser, *factory, initial_noise(1, {3, 4}, denoiser->spec().shape), {}, &x_at);
  const auto beginnings = factory->beginnings();
  ASSERT_FALSE(beginnings.empty());
  EXPECT_EQ(beginnings.front().index, SolverIndex{});
  for (const Beginning& beginning : beginnings) {
    const at::Tensor end = walk(*denoiser, *factory, x_at.at(beginning.index.value), beginning.index);
    // A multistep solver begins at first order again, and the last steps are its longest ones in log-SNR.
    const double off = (end - whole).abs().max().item<double>();
    EXPECT_LE(off, GetParam() == "dpmpp_2m" ? 0.1 : 0.0) << beginning.index.value;
  }
  const int beyond = factory->n_steps();
  EXPECT_EQ(test::code_of([&] { factory->start(x_at.at(0), {3, 4}, {beyond}); }), ErrorCode::domain);
}

/// Where a sampler says its steps as coefficients, they are its steps.
TEST_P(SamplerContract, LinearStepsAreTheStepsItTakes) {
  const auto denoiser = test::gaussian(0.1);
  const auto factory = test::sampler(GetParam(), 12, *denoiser);
  const auto steps = factory->linear_steps();
  if (steps.empty()) GTEST_SKIP() << "says none";
  ASSERT_EQ(static_cast<int>(steps.size()), factory->n_steps());
  const at::Device device = denoiser->spec().device;
  const auto sampler = factory->start(initial_noise(1, {3, 4}, denoiser->spec().shape).to(device), {3, 4});
  std::vector<at::Tensor> x, m;
  for (int i = 0; const auto query = sampler->next(); ++i) {
    const at::Tensor t = at::full({2}, query->t.value, at::kFloat).to(device);
    const Prediction prediction = denoiser->predict({.x = query->x, .t = t, .ids = query->ids});
    x.push_back(query->x.to(at::kDouble));
    m.push_back(predict_x0(x[i], prediction.eps.to(at::kDouble), sampler->view(prediction).level));
    at::Tensor expected = x[steps[i].from] * steps[i].x + prediction.eps.to(at::kDouble) * steps[i].eps;
    if (steps[i].memory != 0) expected = expected + m.at(i - 1) * steps[i].memory;
    sampler->feed(prediction);
    const auto next = sampler->next();
    const at::Tensor taken = next ? next->x : sampler->sample();
    EXPECT_LT((taken - expected).abs().max().item<double>(), 2e-6 * x[i].abs().max().item<double>()) << i;
  }
}

TEST_P(SamplerContract, ResolvedConfigIsComplete) {
  ConfigErrors errors;
  const Json resolved = sampler_registry().resolve({{"kind", GetParam()}}, "", errors);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(sampler_registry().resolve(resolved, "", errors), resolved);
  EXPECT_TRUE(resolved.contains("steps"));
}

INSTANTIATE_TEST_SUITE_P(All, SamplerContract, ::testing::ValuesIn(sampler_registry().names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace alea
