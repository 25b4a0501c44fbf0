#include "metrics/frechet.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/error.h"
#include "metrics/lapack.h"
#include "test_features.h"

namespace alea {
namespace {

using test::Features;
using test::make_features;

double trace(const Gaussian& gaussian) {
  double sum = 0;
  for (std::size_t i = 0; i < gaussian.mean.size(); ++i) sum += gaussian.covariance[i * (gaussian.mean.size() + 1)];
  return sum;
}

Gaussian diagonal(std::vector<double> mean, const std::vector<double>& variances) {
  const std::size_t d = mean.size();
  Gaussian gaussian{std::move(mean), std::vector<double>(d * d, 0.0), 0};
  for (std::size_t i = 0; i < d; ++i) gaussian.covariance[i * (d + 1)] = variances[i];
  return gaussian;
}

/// An orthogonal [d, d]: eigenvectors of a seeded symmetric matrix.
std::vector<double> rotation(std::uint64_t seed, std::size_t d) {
  const Gaussian gaussian = fit_gaussian(make_features(seed, 4 * d, d).view());
  std::vector<double> vectors = gaussian.covariance, values(d);
  symmetric_eigenvectors(vectors, values, d);
  return vectors;
}

/// The law of q x.
Gaussian mapped(const Gaussian& gaussian, const std::vector<double>& q) {
  const std::size_t d = gaussian.mean.size();
  Gaussian result{std::vector<double>(d), std::vector<double>(d * d), gaussian.n};
  std::vector<double> half(d * d);
  multiply_by_transpose(q, gaussian.mean, result.mean, d, 1, d);
  multiply_by_transpose(q, gaussian.covariance, half, d, d, d);  // which is symmetric
  multiply_by_transpose(half, q, result.covariance, d, d, d);
  return result;
}

TEST(Frechet, OneDimensionIsTheClosedForm) {
  const Gaussian a{{1.5}, {4.0}, 0}, b{{-0.5}, {9.0}, 0};
  EXPECT_NEAR(frechet_distance(a, b), 2.0 * 2.0 + 1.0, 1e-13);
}

TEST(Frechet, CommutingCovariancesAreTheClosedFormInAnyBasis) {
  const std::vector<double> l1{0.1, 1, 2, 5}, l2{3, 0.2, 2, 7};
  double expected = 0.25 + 1;
  for (std::size_t i = 0; i < 4; ++i) expected += std::pow(std::sqrt(l1[i]) - std::sqrt(l2[i]), 2);
  const auto a = diagonal({0, 0, 0, 0}, l1), b = diagonal({0.5, 0, -1, 0}, l2);
  EXPECT_NEAR(frechet_distance(a, b), expected, 1e-12);
  const auto q = rotation(1, 4);
  EXPECT_NEAR(frechet_distance(mapped(a, q), mapped(b, q)), expected, 1e-12);
}

TEST(Frechet, NonCommutingTwoByTwoIsTheClosedForm) {
  // tr (S1 S2)^1/2 = sqrt(tr S1 S2 + 2 sqrt(det S1 det S2)) for 2 x 2; reading one triangle of the product would fail here.
  const Gaussian a{{0, 0}, {2, 1, 1, 3}, 0}, b{{0, 0}, {4, -1.5, -1.5, 1}, 0};
  const double product_trace = 2 * 4 + 2 * 1 * -1.5 + 3 * 1, determinants = 5 * (4 - 2.25);
  EXPECT_NEAR(frechet_distance(a, b), 5 + 5 - 2 * std::sqrt(product_trace + 2 * std::sqrt(determinants)), 1e-12);
}

TEST(Frechet, IdenticalSetsAreAtZeroWhateverTheRank) {
  for (const std::size_t n : {2, 10, 63, 64, 65, 1000}) {
    const Gaussian gaussian = fit_gaussian(make_features(2, n, 64).view());
    EXPECT_LT(std::abs(frechet_distance(gaussian, gaussian)), 1e-8 * trace(gaussian)) << n;
  }
}

TEST(Frechet, IsSymmetricAlsoWhereRanksDiffer) {
  const Gaussian full = fit_gaussian(make_features(3, 200, 32).view());
  for (const std::size_t n : {2, 7, 32, 33, 100}) {
    const Gaussian other = fit_gaussian(make_features(4, n, 32, 0.3, 1.4).view());
    const double distance = frechet_distance(full, other);
    EXPECT_NEAR(distance, frechet_distance(other, full), 1e-9 * trace(full)) << n;
    EXPECT_GT(distance, 0);
  }
}

TEST(Frechet, IsInvariantUnderRotationAndTranslation) {
  const std::size_t d = 24;
  Gaussian a = fit_gaussian(make_features(5, 100, d).view()), b = fit_gaussian(make_features(6, 15, d, 0.2, 1.3).view());
  const double distance = frechet_distance(a, b);
  const auto q = rotation(7, d);
  EXPECT_NEAR(frechet_distance(mapped(a, q), mapped(b, q)), distance, 1e-9 * distance);
  for (Gaussian* gaussian : {&a, &b}) {
    for (double& value : gaussian->mean) value += 3;
  }
  EXPECT_NEAR(frechet_distance(a, b), distance, 1e-11 * distance);
}

TEST(Frechet, ScalesWithTheSquareOfTheFeatures) {
  const Gaussian a = fit_gaussian(make_features(8, 90, 16).view()), b = fit_gaussian(make_features(9, 8, 16, 0.4).view());
  const double distance = frechet_distance(a, b);
  for (const double scale : {1e-6, 3.0, 1e6}) {
    Gaussian as = a, bs = b;
    for (Gaussian* gaussian : {&as, &bs}) {
      for (double& value : gaussian->mean) value *= scale;
      for (double& value : gaussian->covariance) value *= scale * scale;
    }
    EXPECT_NEAR(frechet_distance(as, bs) / (scale * scale), distance, 1e-10 * distance) << scale;
  }
}

TEST(Frechet, ASingleClusterLeavesTheMeanAndTheOthersTrace) {
  const Gaussian spread = diagonal({0, 0, 0}, {1, 2, 3}), point = diagonal({1, 0, 2}, {0, 0, 0});
  EXPECT_NEAR(frechet_distance(spread, point), 5 + 6, 1e-13);
  EXPECT_NEAR(frechet_distance(point, spread), 5 + 6, 1e-13);
  EXPECT_NEAR(frechet_distance(point, point), 0, 1e-13);
}

TEST(Frechet, ExactRankDeficiencyNeedsNoSampleCount) {
  const Gaussian a = diagonal({0, 0, 0}, {4, 0, 1}), b = diagonal({0, 0, 0}, {9, 5, 0});
  EXPECT_NEAR(frechet_distance(a, b), 1 + 5 + 1, 1e-12);
  const auto q = rotation(10, 3);
  EXPECT_NEAR(frechet_distance(mapped(a, q), mapped(b, q)), 1 + 5 + 1, 1e-7);
}

TEST(Frechet, AgreesWithScipyOnFullRankAndExactlyUnderRankDeficiency) {
  std::ifstream file(ALEA_SOURCE_DIR "/tests/fixtures/frechet.json");
  ASSERT_TRUE(file) << "tests/fixtures/frechet.json is missing: run scripts/fixtures/frechet.py";
  const auto fixture = nlohmann::json::parse(file);
  for (const auto& item : fixture["cases"]) {
    SCOPED_TRACE(item["name"].get<std::string>());
    Features a{0, item["d"], item["a"]}, b{0, item["d"], item["b"]};
    a.n = a.values.size() / a.d;
    b.n = b.values.size() / b.d;
    const double distance = frechet_distance(fit_gaussian(a.view()), fit_gaussian(b.view()));
    const bool full_rank = std::min(a.n, b.n) > a.d;
    const double scale = item["trace"];
    EXPECT_NEAR(distance, item["nuclear"].get<double>(), 1e-10 * scale);
    // scipy's own error on singular products: a root of rounding noise for each missing dimension.
    EXPECT_NEAR(distance, item["sqrtm"].get<double>(), (full_rank ? 1e-9 : 1e-5) * scale);
  }
}

TEST(Frechet, BitsDoNotDependOnTheNumberOfBlasThreads) {
  const Gaussian a = fit_gaussian(make_features(11, 500, 300).view()), b = fit_gaussian(make_features(12, 200, 300, 0.1).view());
  const double full = frechet_distance(a, b), deficient = frechet_distance(b, a);
  const SingleThreadedBlas one_thread;
  EXPECT_EQ(frechet_distance(a, b), full);
  EXPECT_EQ(frechet_distance(b, a), deficient);
}

TEST(Frechet, RefusesUnlikeWidthsSingleSamplesAndNonFiniteNumbers) {
  const Gaussian two = diagonal({0, 0}, {1, 1}), three = diagonal({0, 0, 0}, {1, 1, 1});
  EXPECT_THROW(frechet_distance(two, three), Error);
  Gaussian bad = two;
  bad.covariance[1] = std::nan("");
  EXPECT_THROW(frechet_distance(two, bad), Error);
  EXPECT_THROW(frechet_distance(bad, two), Error);
  bad = two;
  bad.n = 1;
  EXPECT_THROW(frechet_distance(two, bad), Error);
  bad = two;
  bad.covariance.pop_back();
  EXPECT_THROW(frechet_distance(bad, two), Error);
}

}  // namespace
}  // namespace alea
