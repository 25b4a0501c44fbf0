#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isfinite.h>
#include <gtest/gtest.h>

#include "tests/contract/toys.h"
#include "trajectory/trajectory.h"

namespace alea {
namespace {

constexpr int kSteps = 50;

class EstimatorContract : public ::testing::TestWithParam<std::string> {
 protected:
  TrajectoryResult run(const Ids& ids, std::uint64_t seed = 1, bool pack = true) {
    std::vector<std::unique_ptr<EstimatorFactory>> estimators;
    estimators.push_back(test::estimator(GetParam(), kSteps, *denoiser_, seed));
    return run_trajectory(*denoiser_, *test::sampler("ddim", kSteps, *denoiser_), estimators, ids, seed, pack);
  }

  std::unique_ptr<Denoiser> denoiser_ = test::mixture();
};

void expect_equal(const std::vector<UncertaintyOutput>& a, const std::vector<UncertaintyOutput>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(at::equal(a[i].step_scores, b[i].step_scores)) << a[i].name;
    if (!a[i].map.defined()) continue;
    EXPECT_TRUE(at::equal(a[i].map, b[i].map)) << a[i].name;
  }
}

TEST_P(EstimatorContract, KeepsItsPromisesAboutNamesShapesAndCost) {
  const auto factory = test::estimator(GetParam(), kSteps, *denoiser_);
  const auto result = run({3, 4, 5});
  EXPECT_EQ(result.cost.extra_nfe, static_cast<std::uint64_t>(factory->extra_nfe()));
  const auto columns = static_cast<std::int64_t>(std::max<std::size_t>(1, factory->window(kSteps).size()));
  std::vector<std::string> names;
  for (const UncertaintyOutput& output : result.outputs) {
    names.push_back(output.name);
    EXPECT_EQ(output.step_scores.sizes(), at::IntArrayRef({3, columns}));
    EXPECT_EQ(output.step_scores.scalar_type(), at::kDouble);
    if (!output.map.defined()) continue;
    EXPECT_EQ(output.map.sizes(), at::IntArrayRef({3, 2, 3, 5}));
    EXPECT_EQ(output.map.scalar_type(), at::kFloat);
  }
  EXPECT_EQ(names, factory->statistics());
}

TEST_P(EstimatorContract, ScoresAreFiniteAndNotNegativeAndMapsAddUpToThem) {
  for (const UncertaintyOutput& output : run({3, 4, 5}).outputs) {
    EXPECT_TRUE(at::isfinite(output.step_scores).all().item<bool>()) << output.name;
    EXPECT_GE(output.step_scores.min().item<double>(), 0) << output.name;
    if (!output.map.defined()) continue;
    EXPECT_GE(output.map.min().item<float>(), 0) << output.name;
    const at::Tensor from_map = output.map.to(at::kDouble).sum({1, 2, 3}), total = output.step_scores.sum(1);
    EXPECT_LT(((from_map - total).abs() / total).max().item<double>(), 1e-5) << output.name;
  }
}

TEST_P(EstimatorContract, AnIdsScoreDependsOnSeedAndIdAlone) {
  const auto together = run({3, 4, 5}).outputs, alone = run({5}).outputs, other = run({5}, 2).outputs;
  expect_equal(run({3, 4, 5}).outputs, together);
  for (std::size_t i = 0; i < together.size(); ++i) {
    EXPECT_TRUE(at::equal(together[i].step_scores[2], alone[i].step_scores[0])) << together[i].name;
    EXPECT_FALSE(at::equal(other[i].step_scores, alone[i].step_scores)) << together[i].name;
  }
}

TEST_P(EstimatorContract, PackingChangesNothing) {
  expect_equal(run({3, 4, 5}, 1, true).outputs, run({3, 4, 5}, 1, false).outputs);
}

TEST_P(EstimatorContract, ResolvedConfigIsComplete) {
  ConfigErrors errors;
  const test::ToyFit fit(*denoiser_, 200, 50);
  const Json resolved = estimator_registry().resolve(test::estimator_config(GetParam(), fit), "", errors);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(estimator_registry().resolve(resolved, "", errors), resolved);
}

INSTANTIATE_TEST_SUITE_P(All, EstimatorContract, ::testing::ValuesIn(estimator_registry().names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace alea
