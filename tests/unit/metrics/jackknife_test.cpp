#include "metrics/jackknife.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "core/error.h"
#include "core/philox.h"

namespace alea {
namespace {

TEST(StudentT, QuantilesAreThoseOfTheTables) {
  // By mpmath with 30 digits.
  EXPECT_NEAR(student_t_quantile(0.975, 31), 2.03951344639640849, 1e-12);
  EXPECT_NEAR(student_t_quantile(0.95, 10), 1.81246112281167641, 1e-12);
  EXPECT_NEAR(student_t_quantile(0.995, 5), 4.03214298355522808, 1e-12);
  EXPECT_NEAR(student_t_quantile(0.9, 99), 1.29016144203448518, 1e-12);
  EXPECT_NEAR(student_t_quantile(0.9, 101), 1.28998980856796883, 1e-12);
  EXPECT_NEAR(student_t_quantile(0.975, 1e6), 1.95996635681410704, 1e-10);
  EXPECT_EQ(student_t_quantile(0.5, 3), 0);
}

TEST(StudentT, OneAndTwoDegreesAreTheClosedForms) {
  for (const double p : {1e-6, 0.01, 0.3, 0.4999, 0.6, 0.975, 0.9999}) {
    const double cauchy = std::tan(M_PI * (p - 0.5)), two = (2 * p - 1) * std::sqrt(2 / (4 * p * (1 - p)));
    EXPECT_NEAR(student_t_quantile(p, 1), cauchy, 1e-10 * std::max(1.0, std::abs(cauchy))) << p;
    EXPECT_NEAR(student_t_quantile(p, 2), two, 1e-10 * std::max(1.0, std::abs(two))) << p;
  }
}

TEST(StudentT, IsOddAboutOneHalf) {
  for (const double degrees : {0.7, 3.0, 31.0, 99.0, 101.0, 5000.0}) {
    EXPECT_NEAR(student_t_quantile(0.125, degrees), -student_t_quantile(0.875, degrees), 1e-12) << degrees;
  }
}

TEST(StudentT, RefusesWhatHasNoQuantile) {
  for (const double p : {0.0, 1.0, -0.1, std::nan("")}) EXPECT_THROW(student_t_quantile(p, 3), Error) << p;
  for (const double degrees : {0.0, -1.0, double{INFINITY}, std::nan("")}) EXPECT_THROW(student_t_quantile(0.9, degrees), Error);
}

TEST(Jackknife, HandComputedStandardErrorAndInterval) {
  const std::vector<double> leave_one_out{1, 2, 6};
  const Interval interval = jackknife_interval(10, leave_one_out);
  // Deviations from 3: -2, -1, 3; (3-1)/3 * 14.
  const double error = std::sqrt(2.0 / 3 * 14);
  EXPECT_EQ(interval.value, 10);
  EXPECT_NEAR(interval.standard_error, error, 1e-14);
  EXPECT_NEAR(interval.low, 10 - 4.30265272974946385 * error, 1e-9);
  EXPECT_NEAR(interval.high, 10 + 4.30265272974946385 * error, 1e-9);
}

TEST(Jackknife, OfAMeanIsTheErrorOfGroupMeans) {
  const std::vector<double> group_means{0.5, 2, -1, 4, 0};
  const double total = std::accumulate(group_means.begin(), group_means.end(), 0.0), groups = 5;
  std::vector<double> leave_one_out;
  double squares = 0;
  for (const double mean : group_means) {
    leave_one_out.push_back((total - mean) / (groups - 1));
    squares += std::pow(mean - total / groups, 2);
  }
  const Interval interval = jackknife_interval(total / groups, leave_one_out);
  EXPECT_NEAR(interval.standard_error, std::sqrt(squares / (groups - 1) / groups), 1e-14);
}

TEST(Jackknife, GroupsAreIdsModulo32) {
  EXPECT_EQ(jackknife_group(0), 0);
  EXPECT_EQ(jackknife_group(33), 1);
  EXPECT_EQ(jackknife_group((std::uint64_t{1} << 40) + 31), 31);
}

TEST(Jackknife, RefusesOneGroupAndNonFiniteValues) {
  const std::vector<double> one{1.0}, bad{1.0, std::nan("")}, good{1.0, 2.0};
  EXPECT_THROW(jackknife_interval(1, one), Error);
  EXPECT_THROW(jackknife_interval(1, bad), Error);
  EXPECT_THROW(jackknife_interval(INFINITY, good), Error);
}

/// The variance with divisor n of 32 groups' normals and with each group left out: biased by (n-1)/n and not linear.
double covers_expectation(std::uint64_t simulation, std::size_t per_group) {
  const std::size_t n = per_group * kJackknifeGroups;
  std::vector<float> z(n);
  fill_normal({.seed = 20240612, .id = simulation}, z);
  std::vector<double> sum(kJackknifeGroups, 0.0), squares(kJackknifeGroups, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    sum[i % kJackknifeGroups] += z[i];
    squares[i % kJackknifeGroups] += double{z[i]} * z[i];
  }
  const double s = std::accumulate(sum.begin(), sum.end(), 0.0), q = std::accumulate(squares.begin(), squares.end(), 0.0);
  const auto variance = [](double sum_, double squares_, double n_) { return squares_ / n_ - std::pow(sum_ / n_, 2); };
  std::vector<double> leave_one_out;
  for (int g = 0; g < kJackknifeGroups; ++g) {
    leave_one_out.push_back(variance(s - sum[g], q - squares[g], static_cast<double>(n - per_group)));
  }
  const Interval interval = jackknife_interval(variance(s, q, static_cast<double>(n)), leave_one_out);
  const double expectation = static_cast<double>(n - 1) / static_cast<double>(n);
  return interval.low <= expectation && expectation <= interval.high ? 1 : 0;
}

TEST(Jackknife, CoversTheExpectationOfASmoothStatisticAsOftenAsItSays) {
  constexpr int kSimulations = 4000;
  double covered = 0;
  for (int simulation = 0; simulation < kSimulations; ++simulation) covered += covers_expectation(simulation, 20);
  // Four standard deviations of a binomial, and half a percent for the skewness of a variance.
  EXPECT_NEAR(covered / kSimulations, 0.95, 4 * std::sqrt(0.95 * 0.05 / kSimulations) + 0.005);
}

}  // namespace
}  // namespace alea
