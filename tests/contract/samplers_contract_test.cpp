#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isfinite.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/contract/toys.h"
#include "trajectory/trajectory.h"

namespace alea {
namespace {

class SamplerContract : public testing::TestWithParam<std::string> {};

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

TEST_P(SamplerContract, ResolvedConfigIsComplete) {
  ConfigErrors errors;
  const Json resolved = sampler_registry().resolve({{"kind", GetParam()}}, "", errors);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(sampler_registry().resolve(resolved, "", errors), resolved);
  EXPECT_TRUE(resolved.contains("steps"));
}

INSTANTIATE_TEST_SUITE_P(All, SamplerContract, testing::ValuesIn(sampler_registry().names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace alea
