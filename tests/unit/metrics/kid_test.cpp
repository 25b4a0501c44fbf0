#include "metrics/kid.h"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <cmath>
#include <vector>

#include "core/error.h"
#include "set_metrics_fixture.h"

namespace alea {
namespace {

using test::consecutive_ids;
using test::Features;
using test::hashed_generated;
using test::hashed_real;
using test::make_features;
using test::set_metrics_fixture;
using test::without_group;

TEST(Kid, EqualsTorchFidelity) {
  const Features real = hashed_real(), generated = hashed_generated();
  const auto expected = set_metrics_fixture()["kid"];
  const KidOptions options{.subsets = 20, .subset_size = 300, .seed = 2020, .draw = KidOptions::Draw::numpy_legacy};
  const KidSubsets found = kid(generated.view(), real.view(), options);
  EXPECT_NEAR(found.mean, expected["mean"], 1e-10);
  EXPECT_NEAR(found.standard_deviation, expected["standard_deviation"], 1e-10);
  EXPECT_NEAR(squared_mmd(real.view(), generated.view()), expected["squared_mmd"], 1e-10);
}

TEST(Kid, OfTwoPointsEachIsTheClosedForm) {
  // d = 1, k(x, y) = (x y + 1)^3: k(0,1) + k(2,1) - (k(0,2) + k(0,1) + k(1,2) + k(1,1)) / 2.
  const Features a{2, 1, {0, 1}}, b{2, 1, {2, 1}};
  EXPECT_DOUBLE_EQ(squared_mmd(a.view(), b.view()), 1 + 27 - (1 + 1 + 27 + 8) / 2.0);
}

TEST(Kid, KeepsItsDigitsFarFromTheOriginAndAtAnyScale) {
  // k = (x y / d + 1)^3 by long double from the same floats.
  struct Case {
    double shift, scale, tolerance;
  };
  for (const auto& [shift, scale, tolerance] : {Case{0, 1, 1e-14}, {30, 0.5, 1e-14}, {0, 1e15, 1e-14}, {0, 1e-22, 1e-15}}) {
    const Features a = make_features(11, 120, 40, shift, scale), b = make_features(12, 90, 40, shift, 1.3 * scale);
    double size = 0;  // mean of |k|
    const auto mean_kernel = [&](const Features& x, const Features& y, bool same) {
      long double sum = 0;
      for (std::size_t i = 0; i < x.n; ++i) {
        for (std::size_t j = 0; j < y.n; ++j) {
          long double dot = 0;
          for (std::size_t k = 0; k < x.d; ++k) dot += static_cast<long double>(x.values[i * x.d + k]) * y.values[j * x.d + k];
          const long double linear = dot / x.d + 1, kernel = linear * linear * linear;
          if (!same || i != j) sum += kernel;
          size += static_cast<double>(std::abs(kernel)) / static_cast<double>(x.n * y.n);
        }
      }
      return sum / (x.n * (same ? y.n - 1 : y.n));
    };
    const auto expected = static_cast<double>(mean_kernel(a, a, true) + mean_kernel(b, b, true) - 2 * mean_kernel(a, b, false));
    EXPECT_NEAR(squared_mmd(a.view(), b.view()), expected, tolerance * size) << shift << " " << scale;
  }
}

TEST(Kid, SubsetsOfEverythingAreTheWholeEstimate) {
  const Features a = make_features(1, 300, 7), b = make_features(2, 300, 7, 0.3);
  const double whole = squared_mmd(a.view(), b.view());
  const KidSubsets subsets = kid(a.view(), b.view(), {.subsets = 3, .subset_size = 300});
  for (const double value : subsets.values) EXPECT_NEAR(value, whole, 1e-13);
  EXPECT_GT(whole, 0.05);
}

TEST(Kid, DrawsOfTheTwoSetsAreIndependentAndSeeded) {
  const Features a = make_features(3, 400, 5);
  const KidOptions options{.subsets = 200, .subset_size = 40, .seed = 1};
  const KidSubsets same = kid(a.view(), a.view(), options);
  // Equal rows in both would give a large negative value, since the pairs with themselves count only between the sets.
  EXPECT_NEAR(same.mean, 0, 4 * same.standard_deviation / std::sqrt(200.0) + 2.0 / 400 * 8);
  EXPECT_EQ(same.values, kid(a.view(), a.view(), options).values);
  EXPECT_NE(same.values, kid(a.view(), a.view(), {.subsets = 200, .subset_size = 40, .seed = 2}).values);
}

TEST(KidInterval, LeavingAGroupOutEqualsDeletingIt) {
  const Features real = make_features(4, 330, 6), generated = make_features(5, 410, 6, 0.2);
  std::vector<std::uint64_t> ids = consecutive_ids(410);
  for (std::uint64_t& id : ids) id = id * 7 + 3;
  std::vector<double> left;
  const Interval interval = kid_interval(real.view(), generated.view(), ids, &left);
  EXPECT_NEAR(interval.value, squared_mmd(real.view(), generated.view()), 1e-13);
  for (int g = 0; g < kJackknifeGroups; ++g) {
    EXPECT_NEAR(left[g], squared_mmd(real.view(), without_group(generated, ids, g).view()), 1e-9) << g;
  }
  EXPECT_LT(interval.low, interval.value);
}

TEST(Kid, TheIntervalIsWidenedOnlyWhereTheSetsHaveOneLaw) {
  const auto ids = consecutive_ids(640);
  const auto ratio = [&](double shift) {
    const Features real = make_features(21, 600, 6), generated = make_features(22, 640, 6, shift);
    std::vector<double> left;
    const Interval interval = kid_interval(real.view(), generated.view(), ids, &left);
    return interval.standard_error / jackknife_interval(interval.value, left).standard_error;
  };
  EXPECT_GT(ratio(0), 1.15);
  EXPECT_LT(ratio(0), 2);
  EXPECT_LT(ratio(2), 1.01);
}

/// Under one law the widened variance must be that of the estimate over independent draws: degenerate, 2 E[h^2]/(n(n-1)).
TEST(Kid, TheDegenerateVarianceIsThatOfIndependentDraws) {
  constexpr std::size_t kSamples = 160, kTrials = 200;
  const Features real = make_features(31, 4000, 3);
  const auto ids = consecutive_ids(kSamples);
  double added = 0, mean = 0, square = 0;
  for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
    const Features generated = make_features(1000 + trial, kSamples, 3);
    std::vector<double> left;
    const Interval interval = kid_interval(real.view(), generated.view(), ids, &left);
    const double jackknife = jackknife_interval(interval.value, left).standard_error;
    added += (interval.standard_error * interval.standard_error - jackknife * jackknife) / kTrials;
    mean += interval.value / kTrials;
    square += interval.value * interval.value / kTrials;
  }
  EXPECT_NEAR(added / (square - mean * mean), 1, 0.35);
}

TEST(Kid, BitsDoNotDependOnThreads) {
  const Features a = make_features(6, 700, 8), b = make_features(7, 600, 8, 0.1);
  const auto ids = consecutive_ids(600);
  const KidOptions options{.subsets = 8, .subset_size = 300};
  const auto many = kid(a.view(), b.view(), options).values;
  const double error = kid_interval(a.view(), b.view(), ids).standard_error;
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  EXPECT_EQ(kid(a.view(), b.view(), options).values, many);
  EXPECT_EQ(kid_interval(a.view(), b.view(), ids).standard_error, error);
}

TEST(Kid, RefusesWhatItCanNotMeasure) {
  const Features a = make_features(8, 40, 3), wide = make_features(9, 40, 4), one = make_features(10, 1, 3);
  EXPECT_THROW(squared_mmd(a.view(), wide.view()), Error);
  EXPECT_THROW(squared_mmd(a.view(), one.view()), Error);
  EXPECT_THROW(kid(a.view(), a.view(), {.subsets = 2, .subset_size = 41}), Error);
  EXPECT_THROW(kid(a.view(), a.view(), {.subsets = 0, .subset_size = 10}), Error);
  EXPECT_THROW(kid_interval(a.view(), a.view(), std::vector<std::uint64_t>(40, 3)), Error);
  EXPECT_THROW(kid_interval(a.view(), a.view(), consecutive_ids(39)), Error);
  Features bad = a;
  bad.values[3] = INFINITY;
  EXPECT_THROW(squared_mmd(a.view(), bad.view()), Error);
}

}  // namespace
}  // namespace alea
