#include "metrics/calibration.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/philox.h"

namespace alea {
namespace {

struct Pairs {
  std::vector<double> variance, squared_error;
};

/// Errors drawn with the predicted variance times `factor`.
Pairs draw(std::size_t n, double factor) {
  std::vector<float> z(n), u(n);
  fill_normal({.seed = 1, .id = 1}, z);
  fill_uniform({.seed = 1, .id = 2}, u);
  Pairs pairs;
  for (std::size_t i = 0; i < n; ++i) {
    pairs.variance.push_back(0.5 + u[i]);
    pairs.squared_error.push_back(factor * pairs.variance.back() * z[i] * z[i]);
  }
  return pairs;
}

TEST(Calibration, HandComputedBins) {
  const std::vector<double> variance = {4, 1, 4, 1}, squared_error = {5, 2, 11, 0};
  const auto result = calibrate(variance, squared_error, 2);
  EXPECT_EQ(result.count, (std::vector<std::uint64_t>{2, 2}));
  EXPECT_EQ(result.mean_squared_error, (std::vector<double>{1, 8}));
  EXPECT_NEAR(result.uce, 0.5 * 0 + 0.5 * 4, 1e-15);
  EXPECT_NEAR(result.ence, (0 + (std::sqrt(8.0) - 2) / 2) / 2, 1e-15);
}

TEST(Calibration, UnequalBinsWeighByTheirCountAndBothSignsCount) {
  // Bins {1} and {4, 4}: variance 1 against 0 (too wide) and 4 against 6 (too narrow).
  const std::vector<double> variance = {4, 1, 4}, squared_error = {5, 0, 7};
  const auto result = calibrate(variance, squared_error, 2);
  EXPECT_EQ(result.count, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_NEAR(result.uce, (1 * 1 + 2 * 2) / 3.0, 1e-15);
  EXPECT_NEAR(result.ence, (1 + (std::sqrt(6.0) - 2) / 2) / 2, 1e-15);
}

TEST(Calibration, AScaledVarianceIsFoundAndMended) {
  auto pairs = draw(20000, 3);
  const double scale = fit_variance_scale(pairs.variance, pairs.squared_error);
  EXPECT_NEAR(scale, 3, 0.15);
  const double before = calibrate(pairs.variance, pairs.squared_error).ence;
  EXPECT_LT(interval_coverage(pairs.variance, pairs.squared_error, 0.95), 0.8);
  for (double& value : pairs.variance) value *= scale;
  EXPECT_LT(calibrate(pairs.variance, pairs.squared_error).ence, 0.1 * before);
  EXPECT_NEAR(interval_coverage(pairs.variance, pairs.squared_error, 0.95), 0.95, 0.01);
  EXPECT_NEAR(interval_coverage(pairs.variance, pairs.squared_error, 0.5), 0.5, 0.02);
}

TEST(Calibration, RefusesWhatHasNoAnswer) {
  const std::vector<double> zero = {0, 1}, one = {1, 1}, negative = {-1, 1};
  EXPECT_THROW(fit_variance_scale(zero, one), Error);
  EXPECT_THROW(calibrate(negative, one, 1), Error);
  EXPECT_THROW(calibrate(one, one, 3), Error);
  EXPECT_THROW(interval_coverage(one, one, 1), Error);
}

}  // namespace
}  // namespace alea
