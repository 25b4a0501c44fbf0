#include "metrics/gaussian_moments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "core/error.h"
#include "metrics/jackknife.h"
#include "metrics/lapack.h"
#include "test_features.h"

namespace alea {
namespace {

using test::Features;
using test::make_features;
using test::relative_difference;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

MomentSums sums_of(const Features& features, const std::vector<double>& origin) {
  MomentSums sums(origin);
  sums.add(features.view());
  return sums;
}

void expect_alike(const MomentSums& a, const MomentSums& b, double tolerance) {
  EXPECT_EQ(a.n(), b.n());
  EXPECT_LT(relative_difference(a.mean(), b.mean()), tolerance);
  EXPECT_LT(relative_difference(a.covariance(), b.covariance()), tolerance);
}

TEST(Moments, HandComputedMeanAndUnbiasedCovariance) {
  const Features features{3, 2, {1, 2, 3, 6, 8, 1}};
  const Gaussian gaussian = fit_gaussian(features.view());
  EXPECT_EQ(gaussian.n, 3U);
  EXPECT_THAT(gaussian.mean, ElementsAre(4, 3));
  // Deviations (-3,-1), (-1,3), (4,-2): 26/2, (3-3-8)/2, 14/2.
  EXPECT_THAT(gaussian.covariance, ElementsAre(13, -4, -4, 7));
}

TEST(Moments, AgreeWithTheTwoPassFormulaOverSeveralTilesAndPanels) {
  const Features features = make_features(1, 600, 270, 5.0);
  const Gaussian gaussian = fit_gaussian(features.view());
  const std::size_t d = features.d;
  std::vector<double> mean(d, 0.0), covariance(d * d, 0.0);
  for (std::size_t i = 0; i < features.n; ++i) {
    for (std::size_t j = 0; j < d; ++j) mean[j] += features.view().row(i)[j] / static_cast<double>(features.n);
  }
  for (std::size_t i = 0; i < features.n; ++i) {
    const auto row = features.view().row(i);
    for (std::size_t j = 0; j < d; ++j) {
      for (std::size_t k = 0; k < d; ++k) {
        covariance[j * d + k] += (row[j] - mean[j]) * (row[k] - mean[k]) / static_cast<double>(features.n - 1);
      }
    }
  }
  EXPECT_LT(relative_difference(gaussian.mean, mean), 1e-12);
  EXPECT_LT(relative_difference(gaussian.covariance, covariance), 1e-12);
}

TEST(Moments, SumsAddAndSubtractLikeARefit) {
  const Features features = make_features(2, 700, 20, 1.0);
  std::vector<std::uint32_t> first(300), rest(400);
  std::iota(first.begin(), first.end(), 0U);
  std::iota(rest.begin(), rest.end(), 300U);
  const std::vector<double> origin(20, 1.0);
  MomentSums a(origin), b(origin);
  a.add(features.view(), first);
  b.add(features.view(), rest);
  const MomentSums all = sums_of(features, origin);
  MomentSums joined = a;
  joined += b;
  expect_alike(joined, all, 1e-12);
  MomentSums taken_out = all;
  taken_out -= b;
  expect_alike(taken_out, a, 1e-12);
}

TEST(Moments, LeavingAGroupOutIsTotalMinusGroup) {
  const Features features = make_features(3, 640, 16);
  const std::vector<double> origin(16, 0.0);
  const MomentSums total = sums_of(features, origin);
  for (const int left_out : {0, 7, kJackknifeGroups - 1}) {
    std::vector<std::uint32_t> of_group, others;
    for (std::uint32_t i = 0; i < features.n; ++i) (jackknife_group(i) == left_out ? of_group : others).push_back(i);
    MomentSums group(origin), refit(origin), difference = total;
    group.add(features.view(), of_group);
    refit.add(features.view(), others);
    difference -= group;
    expect_alike(difference, refit, 1e-12);
  }
}

TEST(Moments, TheOriginChangesNothingButDigits) {
  const Features features = make_features(4, 500, 12, 100.0);
  const MomentSums near = sums_of(features, std::vector<double>(12, 100.0));
  expect_alike(sums_of(features, std::vector<double>(12, 0.0)), near, 1e-9);
  expect_alike(sums_of(features, std::vector<double>(12, 99.0)), near, 1e-12);
}

TEST(Moments, ShiftingTheFeaturesShiftsTheMeanAlone) {
  const Features features = make_features(5, 400, 10);
  Features shifted = features;
  // A multiple of 1/4 on features rounded to 1/1024 stays exact in float.
  for (auto& value : shifted.values) value = std::round(value * 1024) / 1024;
  const Gaussian before = fit_gaussian(shifted.view());
  for (auto& value : shifted.values) value += 8.25F;
  const Gaussian after = fit_gaussian(shifted.view());
  for (std::size_t j = 0; j < 10; ++j) EXPECT_NEAR(after.mean[j], before.mean[j] + 8.25, 1e-12);
  EXPECT_LT(relative_difference(after.covariance, before.covariance), 1e-12);
}

TEST(Moments, EqualOrderGivesEqualBitsForAnyNumberOfBlasThreads) {
  const Features features = make_features(6, 1000, 300);
  const Gaussian threaded = fit_gaussian(features.view());
  const SingleThreadedBlas one_thread;
  const Gaussian single = fit_gaussian(features.view());
  EXPECT_EQ(single.mean, threaded.mean);
  EXPECT_EQ(single.covariance, threaded.covariance);
}

TEST(Moments, MisuseIsNamed) {
  const Features features = make_features(7, 10, 4);
  MomentSums sums(std::vector<double>(4, 0.0)), wide(std::vector<double>(5, 0.0)), elsewhere(std::vector<double>(4, 1.0));
  EXPECT_THROW(sums.mean(), Error);
  EXPECT_THROW(wide.add(features.view()), Error);
  EXPECT_THROW(sums += wide, Error);
  EXPECT_THROW(sums += elsewhere, Error);
  EXPECT_THROW(sums.add({features.values, 11, 4}), Error);
  EXPECT_THROW(MomentSums({}), Error);
  const std::vector<std::uint32_t> beyond{3, 10}, one{3};
  EXPECT_THROW(sums.add(features.view(), beyond), Error);
  sums.add(features.view(), one);
  MomentSums more = sums;
  more.add(features.view());
  EXPECT_THROW(sums -= more, Error);
  try {
    sums.covariance();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::domain);
    EXPECT_THAT(error.what(), HasSubstr("1 samples, expected at least 2"));
  }
}

TEST(RunningMoments, EqualTheFitOfAllRowsToTheBit) {
  const std::size_t n = 1000, d = 7;
  std::vector<float> values(n * d);
  fill_normal({.seed = 77}, values);
  const FeatureView all{values, n, d};
  const Gaussian expected = fit_gaussian(all);
  for (const std::size_t portion : {1, 100, 256, 999, 1000}) {
    RunningMoments running(d);
    for (std::size_t first = 0; first < n; first += portion) {
      const std::size_t rows = std::min(portion, n - first);
      running.add({std::span<const float>(values).subspan(first * d, rows * d), rows, d});
    }
    const Gaussian found = running.fit();
    EXPECT_EQ(running.n(), n);
    EXPECT_EQ(found.n, n);
    EXPECT_EQ(found.mean, expected.mean) << portion;
    EXPECT_EQ(found.covariance, expected.covariance) << portion;
  }
  EXPECT_THROW(RunningMoments(3).fit(), Error);
  EXPECT_THROW(RunningMoments(3).add(all), Error);
}

}  // namespace
}  // namespace alea
