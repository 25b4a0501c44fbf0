#include "metrics/frechet_small.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "metrics/frechet.h"
#include "metrics/frechet_bias.h"
#include "metrics/lapack.h"
#include "metrics/selection.h"
#include "tests/unit/metrics/test_features.h"

namespace alea {
namespace {

using test::make_features;

TEST(SingularValues, AreThoseOfADiagonalInAnyShape) {
  std::vector<double> wide = {0, 3, 0, 0, 0, 1e-9}, values(2);
  singular_values(wide, values, 2, 3);
  EXPECT_NEAR(values[0], 3, 1e-15);
  EXPECT_NEAR(values[1], 1e-9, 1e-15);
  std::vector<double> tall = {0, 0, 2, 0, 0, 5};
  singular_values(tall, values, 3, 2);
  EXPECT_NEAR(values[0], 5, 1e-14);
  EXPECT_NEAR(values[1], 2, 1e-14);
}

TEST(FrechetFromRows, EqualsTheCovarianceFormAtFullRank) {
  const auto a = make_features(1, 60, 5), b = make_features(2, 40, 5, 0.4, 1.3);
  const double expected = frechet_distance(fit_gaussian(a.view()), fit_gaussian(b.view()));
  EXPECT_NEAR(frechet_distance_from_rows(a.view(), b.view()), expected, 1e-12 * expected + 1e-12);
}

TEST(FrechetFromRows, IdenticalSetsHaveDistanceZero) {
  const auto a = make_features(1, 30, 200);
  EXPECT_NEAR(frechet_distance_from_rows(a.view(), a.view()), 0, 1e-10);
}

TEST(FrechetFromRows, TwoPointsASideHaveAClosedForm) {
  // Along one axis of three: variances 2 and 8, means 1 and 2 apart on another axis.
  const std::vector<float> a = {-1, 0, 0, 1, 0, 0}, b = {-2, 1, 0, 2, 1, 0};
  EXPECT_NEAR(frechet_distance_from_rows({a, 2, 3}, {b, 2, 3}), 1 + std::pow(std::sqrt(8.0) - std::sqrt(2.0), 2), 1e-12);
}

TEST(FrechetFromRows, OrthogonalSpreadsShareNothing) {
  const std::vector<float> a = {-1, 0, 1, 0}, b = {0, -1, 0, 1};
  EXPECT_NEAR(frechet_distance_from_rows({a, 2, 2}, {b, 2, 2}), 4, 1e-12);
  EXPECT_THROW(frechet_distance_from_rows({std::span(a).first(2), 1, 2}, {b, 2, 2}), Error);
}

TEST(FrechetFromRows, RefusesAnotherShape) {
  const std::vector<float> rows(12, 1.0f);
  EXPECT_THROW(frechet_distance_from_rows({rows, 4, 4}, {rows, 3, 4}), Error);  // 16 numbers promised, 12 there
  EXPECT_THROW(frechet_distance_from_rows({rows, 4, 3}, {rows, 3, 4}), Error);
  std::vector<float> broken = rows;
  broken[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(frechet_distance_from_rows({broken, 4, 3}, {rows, 4, 3}), Error);
}

TEST(FrechetBias, RefusesWhatIsNoCovariance) {
  std::vector<double> covariance = {1, 0, 0, 1};
  EXPECT_THROW(frechet_bias_coefficient(covariance, 3), Error);
  covariance[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(frechet_bias_coefficient(covariance, 2), Error);
}

TEST(FrechetBias, IsTheClosedFormOfAMultipleOfTheIdentity) {
  const std::size_t d = 4;
  std::vector<double> covariance(d * d, 0.0);
  for (std::size_t i = 0; i < d; ++i) covariance[i * d + i] = 3;
  // tr S = 12; sum_ij 3*3/6 = 24; sum_i 3/2 = 6.
  EXPECT_NEAR(frechet_bias_coefficient(covariance, d), 12 + (24 + 6) / 2.0, 1e-12);
}

TEST(FrechetBias, PredictsTheMeanDistanceOfSamplesFromTheirOwnLaw) {
  constexpr std::size_t kWidth = 6, kSamples = 400, kTrials = 300;
  Gaussian law{std::vector<double>(kWidth, 0.0), std::vector<double>(kWidth * kWidth, 0.0), 0};
  for (std::size_t i = 0; i < kWidth; ++i) law.covariance[i * kWidth + i] = 1;
  const FrechetReference reference(law);
  double mean = 0;
  std::vector<float> values(kSamples * kWidth);
  for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
    fill_normal({.seed = 5, .id = trial}, values);
    mean += reference.distance(fit_gaussian(FeatureView{values, kSamples, kWidth})) / kTrials;
  }
  const double predicted = frechet_bias_coefficient(law.covariance, kWidth) / kSamples;
  EXPECT_NEAR(mean, predicted, 0.05 * predicted);
}

TEST(FrechetInfinityLine, RemovesMostOfTheBias) {
  constexpr std::size_t kWidth = 20;
  const auto all = make_features(3, 4000, kWidth, 0.2), exact = make_features(4, 60000, kWidth);
  const FrechetReference reference(fit_gaussian(exact.view()));
  const double plain = reference.distance(fit_gaussian(all.view()));
  const auto line = frechet_infinity(all.view(), reference, 7, 15, 200);
  EXPECT_EQ(line.sizes.front(), 200u);
  EXPECT_EQ(line.sizes.back(), 4000u);
  EXPECT_GT(line.slope, 0);
  EXPECT_LT(line.intercept, plain);
  const double expected = plain - frechet_bias_coefficient(reference.gaussian().covariance, kWidth) / 4000;
  EXPECT_NEAR(line.intercept, expected, 0.3 * (plain - expected) + 0.02);
  EXPECT_THROW(frechet_infinity(all.view(), reference, 7, 15, 4000), Error);
}

TEST(FrechetInfinityLine, IsTheLeastSquaresLineThroughSeededSubsets) {
  const auto all = make_features(5, 900, 3, 0.2);
  const FrechetReference reference(fit_gaussian(make_features(6, 500, 3).view()));
  const auto line = frechet_infinity(all.view(), reference, 11);
  ASSERT_EQ(line.sizes.size(), 15u);
  EXPECT_EQ(line.sizes.front(), 90u);
  double residuals = 0, moments = 0;  // both vanish for the least-squares line
  for (std::uint32_t i = 0; i < 15; ++i) {
    MomentSums sums(std::vector<double>(3, 0.0));
    sums.add(all.view(), random_subset(900, line.sizes[i], 11, i));
    EXPECT_NEAR(line.distances[i], reference.distance(fit_gaussian(sums)), 1e-11) << i;
    const double x = 1 / static_cast<double>(line.sizes[i]);
    residuals += line.distances[i] - line.intercept - line.slope * x;
    moments += (line.distances[i] - line.intercept - line.slope * x) * x;
  }
  EXPECT_NEAR(residuals, 0, 1e-13);
  EXPECT_NEAR(moments, 0, 1e-14);
  EXPECT_NEAR(line.distances.back(), reference.distance(fit_gaussian(all.view())), 1e-11);
  const auto many = make_features(7, 60000, 1);
  EXPECT_EQ(frechet_infinity(many.view(), FrechetReference(fit_gaussian(many.view())), 1, 2).sizes.front(), 5000u);
}

}  // namespace
}  // namespace alea
