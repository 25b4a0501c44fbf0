#include "metrics/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "core/error.h"
#include "test_features.h"

namespace alea {
namespace {

using test::consecutive_ids;
using test::Features;
using test::make_features;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(KeepByScore, TakesTheLowestOrHighestAndBreaksTiesByIndex) {
  const std::vector<double> scores{3, 1, 2, 1, 3, 2};
  EXPECT_THAT(keep_by_score(scores, 3, KeepSide::lowest), ElementsAre(1, 2, 3));
  EXPECT_THAT(keep_by_score(scores, 1, KeepSide::lowest), ElementsAre(1));
  EXPECT_THAT(keep_by_score(scores, 3, KeepSide::highest), ElementsAre(0, 2, 4));
  EXPECT_THAT(keep_by_score(scores, 1, KeepSide::highest), ElementsAre(0));
  EXPECT_THAT(rank_by_score(scores, KeepSide::lowest), ElementsAre(1, 3, 2, 5, 0, 4));
  EXPECT_THAT(rank_by_score(scores, KeepSide::highest), ElementsAre(0, 4, 2, 5, 1, 3));
}

TEST(KeepByScore, RefusesNonFiniteScoresByIndexAndTooManyKept) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    const std::vector<double> scores{1, 2, bad};
    try {
      keep_by_score(scores, 1, KeepSide::lowest);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::domain);
      EXPECT_THAT(error.what(), HasSubstr("index 2"));
    }
  }
  const std::vector<double> two{1, 2};
  EXPECT_THROW(keep_by_score(two, 3, KeepSide::lowest), Error);
}

TEST(RandomSubset, IsSeededDistinctAndUniform) {
  const auto subset = random_subset(100, 30, 5, 0);
  EXPECT_EQ(subset.size(), 30U);
  EXPECT_TRUE(std::is_sorted(subset.begin(), subset.end()));
  EXPECT_EQ(std::set<std::uint32_t>(subset.begin(), subset.end()).size(), 30U);
  EXPECT_EQ(subset, random_subset(100, 30, 5, 0));
  EXPECT_NE(subset, random_subset(100, 30, 5, 1));
  EXPECT_NE(subset, random_subset(100, 30, 6, 0));
  std::vector<int> times(20, 0);
  constexpr int kDraws = 4000;
  for (int draw = 0; draw < kDraws; ++draw) {
    for (const std::uint32_t index : random_subset(20, 5, 7, draw)) ++times[index];
  }
  for (const int count : times) EXPECT_NEAR(count, kDraws * 0.25, 5 * std::sqrt(kDraws * 0.25 * 0.75));
  EXPECT_THROW(random_subset(20, 5, 7, 65536), Error);
}

TEST(RandomSubset, IsWhatKeepingTheLowestRandomScoreGives) {
  const auto scores = random_scores(consecutive_ids(50), 3, 9);
  EXPECT_EQ(random_subset(50, 20, 3, 9), keep_by_score(scores, 20, KeepSide::lowest));
}

TEST(ReducedKeep, RoundsHalfUp) {
  EXPECT_EQ(reduced_keep(500, 600, 581), 484U);  // 484.17
  EXPECT_EQ(reduced_keep(1, 2, 1), 1U);          // 0.5
  EXPECT_EQ(reduced_keep(3, 8, 4), 2U);          // 1.5
  EXPECT_EQ(reduced_keep(600, 600, 581), 581U);
  EXPECT_THROW(reduced_keep(3, 2, 1), Error);
}

TEST(RandomisationP, CountsTheKeptSubsetAmongTheRandomOnes) {
  const std::vector<double> random{1, 2, 3, 4};
  EXPECT_DOUBLE_EQ(randomisation_p(0.5, random), 1.0 / 5);
  EXPECT_DOUBLE_EQ(randomisation_p(2, random), 3.0 / 5);
  EXPECT_DOUBLE_EQ(randomisation_p(9, random), 1);
  EXPECT_DOUBLE_EQ(randomisation_p(2, random, Tail::upper), 4.0 / 5);
  EXPECT_DOUBLE_EQ(randomisation_p(9, random, Tail::upper), 1.0 / 5);
  EXPECT_THROW(randomisation_p(1, std::vector<double>{}), Error);
  EXPECT_THROW(randomisation_p(std::nan(""), random), Error);
}

/// Selection, fit and distance from scratch among the rows outside `left_out` (-1: none).
double naive_distance(const Features& features, const std::vector<std::uint64_t>& ids, const std::vector<double>& scores,
                      std::size_t keep, KeepSide side, int left_out, const Gaussian& reference) {
  std::vector<std::uint32_t> pool;
  std::vector<double> pool_scores;
  for (std::uint32_t i = 0; i < features.n; ++i) {
    if (jackknife_group(ids[i]) == left_out) continue;
    pool.push_back(i);
    pool_scores.push_back(scores[i]);
  }
  const auto share = static_cast<double>(keep) * static_cast<double>(pool.size()) / static_cast<double>(features.n);
  const auto reduced = static_cast<std::size_t>(std::lround(share));
  Features kept{reduced, features.d, {}};
  for (const std::uint32_t i : keep_by_score(pool_scores, reduced, side)) {
    const auto row = features.view().row(pool[i]);
    kept.values.insert(kept.values.end(), row.begin(), row.end());
  }
  return frechet_distance(reference, fit_gaussian(kept.view()));
}

struct Pool {
  Features features;
  std::vector<std::uint64_t> ids;
  FrechetReference reference;
};

Pool make_pool(std::size_t n, std::size_t d) {
  return {make_features(21, n, d, 0.1, 1.1), consecutive_ids(n),
          FrechetReference(fit_gaussian(make_features(22, 400, d).view()))};
}

/// Scores that single out groups unevenly, so that ids both enter and leave when a group is left out; with ties.
std::vector<double> uneven_scores(const Pool& pool) {
  std::vector<double> scores(pool.features.n);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double first = pool.features.view().row(i)[0];
    scores[i] = std::round(8 * first * first) + (jackknife_group(pool.ids[i]) % 8 == 0 ? 6 : 0);
  }
  return scores;
}

void expect_naive(const Pool& pool, const std::vector<double>& scores, std::size_t keep, KeepSide side) {
  const FilteringAnalysis analysis(pool.features.view(), pool.ids, pool.reference);
  const SubsetDistance fast = analysis.kept(scores, keep, side);
  ASSERT_EQ(fast.leave_one_out.size(), static_cast<std::size_t>(kJackknifeGroups));
  const auto naive = [&](int group) {
    return naive_distance(pool.features, pool.ids, scores, keep, side, group, pool.reference.gaussian());
  };
  EXPECT_NEAR(fast.value, naive(-1), 1e-9 * naive(-1));
  for (int g = 0; g < kJackknifeGroups; ++g) EXPECT_NEAR(fast.leave_one_out[g], naive(g), 1e-9 * naive(g)) << g;
}

TEST(FilteringAnalysis, EqualsSelectingAndFittingAgainInEveryGroup) {
  const Pool pool = make_pool(330, 12);
  const auto scores = uneven_scores(pool);
  for (const KeepSide side : {KeepSide::lowest, KeepSide::highest}) {
    for (const std::size_t keep : {40, 165, 275, 329, 330}) {
      SCOPED_TRACE(keep);
      expect_naive(pool, scores, keep, side);
    }
  }
}

TEST(FilteringAnalysis, HoldsWhereTheKeptAreFewerThanTheWidth) {
  const Pool pool = make_pool(96, 40);
  expect_naive(pool, uneven_scores(pool), 20, KeepSide::lowest);
}

TEST(FilteringAnalysis, GroupsFollowIdsNotRows) {
  Pool pool = make_pool(200, 8);
  const auto scores = uneven_scores(pool);
  for (auto& id : pool.ids) id = 1000 + 7 * (199 - id);
  expect_naive(pool, scores, 150, KeepSide::lowest);
}

TEST(FilteringAnalysis, RandomSubsetsAreKeptByTheirRandomScores) {
  const Pool pool = make_pool(300, 10);
  const FilteringAnalysis analysis(pool.features.view(), pool.ids, pool.reference);
  const RandomSubsets random = analysis.random(250, 17, 9);
  ASSERT_EQ(random.values.size(), 9U);
  double value = 0, last_group = 0;
  for (std::uint32_t draw = 0; draw < 9; ++draw) {
    const SubsetDistance subset = analysis.kept(random_scores(pool.ids, 17, draw), 250, KeepSide::lowest);
    EXPECT_EQ(random.values[draw], subset.value);
    value += subset.value / 9;
    last_group += subset.leave_one_out.back() / 9;
  }
  EXPECT_NEAR(random.mean.value, value, 1e-14);
  EXPECT_NEAR(random.mean.leave_one_out.back(), last_group, 1e-14);
}

TEST(FilteringAnalysis, BitsDoNotDependOnTheNumberOfThreads) {
  const Pool pool = make_pool(200, 140);
  const FilteringAnalysis analysis(pool.features.view(), pool.ids, pool.reference);
  const RandomSubsets many = analysis.random(170, 1, 6);
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  const RandomSubsets alone = analysis.random(170, 1, 6);
  EXPECT_EQ(alone.values, many.values);
  EXPECT_EQ(alone.mean.leave_one_out, many.mean.leave_one_out);
}

TEST(FilteringAnalysis, AFilterThatDropsPlantedOutliersBeatsEveryRandomSubset) {
  Pool pool = make_pool(320, 6);
  std::vector<double> scores(pool.features.n, 0.0);
  for (std::size_t i = 0; i < pool.features.n; i += 6) {
    scores[i] = 1;
    for (std::size_t j = 0; j < 6; ++j) pool.features.values[i * 6 + j] += 3;
  }
  const FilteringAnalysis analysis(pool.features.view(), pool.ids, pool.reference);
  const SubsetDistance kept = analysis.kept(scores, 260, KeepSide::lowest);
  const RandomSubsets random = analysis.random(260, 2, 39);
  EXPECT_DOUBLE_EQ(randomisation_p(kept.value, random.values), 1.0 / 40);
  std::vector<double> gains;
  for (int g = 0; g < kJackknifeGroups; ++g) gains.push_back(random.mean.leave_one_out[g] - kept.leave_one_out[g]);
  EXPECT_GT(jackknife_interval(random.mean.value - kept.value, gains).low, 0);
}

TEST(FilteringAnalysis, MisuseIsNamed) {
  const Pool pool = make_pool(64, 5);
  const FilteringAnalysis analysis(pool.features.view(), pool.ids, pool.reference);
  const std::vector<double> scores(64, 0.0), few(63, 0.0);
  EXPECT_THROW(analysis.kept(few, 10, KeepSide::lowest), Error);
  EXPECT_THROW(analysis.kept(scores, 65, KeepSide::lowest), Error);
  EXPECT_THROW(analysis.kept(scores, 1, KeepSide::lowest), Error);
  EXPECT_THROW(analysis.random(10, 1, 0), Error);
  const std::vector<std::uint64_t> same_group(64, 32);
  EXPECT_THROW(FilteringAnalysis(pool.features.view(), same_group, pool.reference), Error);
  const FrechetReference wide(fit_gaussian(make_features(1, 50, 6).view()));
  EXPECT_THROW(FilteringAnalysis(pool.features.view(), pool.ids, wide), Error);
}

}  // namespace
}  // namespace alea
