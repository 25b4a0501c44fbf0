#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isfinite.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/contract/toys.h"
#include "trajectory/trajectory.h"

namespace alea {
namespace {

class SamplerContract : public testing::TestWithParam<std::string> {};

TEST_P(SamplerContract, SamplesTheGaussianFlowEverBetter) {
  const double std = 0.1;
  const auto denoiser = test::gaussian(std);
  const Ids ids{0, 1, 2};
  const at::Tensor x_T = initial_noise(1, ids, denoiser->spec().shape);
  const at::Tensor exact = x_T * std;  // where all noise is gone the flow has shrunk x_T to the width of the data
  double previous = 1;
  for (const int steps : {50, 250, 1000}) {
    const at::Tensor sample = run_trajectory(*denoiser, *test::sampler(GetParam(), steps, *denoiser), {}, ids, 1).sample;
    const double error = ((sample - exact).abs().max() / exact.abs().max()).item<double>();
    EXPECT_LT(error, previous) << steps;
    previous = error;
  }
  EXPECT_LT(previous, 0.03);
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
