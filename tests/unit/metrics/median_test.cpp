#include "metrics/median.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/philox.h"

namespace alea {
namespace {

std::vector<double> one_to(int n) {
  std::vector<double> out;
  for (int i = 0; i < n; ++i) out.push_back(1 + (i * 7) % n);  // n not a multiple of 7: a permutation
  return out;
}

TEST(Median, IsTheMiddleOrTheMeanOfTheTwoMiddleOnes) {
  EXPECT_EQ(median(std::vector<double>{9, 1, 4}), 4);
  EXPECT_EQ(median(std::vector<double>{9, 1, 4, 5}), 4.5);
  EXPECT_THROW(median(std::vector<double>{}), Error);
}

/// Ranks of the sign test's tables (Conover, Practical Nonparametric Statistics, table A3).
TEST(MedianInterval, HasTheRanksOfTheSignTest) {
  for (const auto& [n, k] : {std::pair{6, 1}, {8, 1}, {9, 2}, {11, 2}, {12, 3}, {20, 6}, {25, 8}}) {
    const Interval found = median_interval(one_to(n));
    EXPECT_EQ(found.low, k) << n;
    EXPECT_EQ(found.high, n + 1 - k) << n;
    EXPECT_EQ(found.value, (n + 1) / 2.0) << n;
  }
  EXPECT_NEAR(median_interval(one_to(6)).standard_error, 5 / (2 * 1.96), 1e-3);
  EXPECT_THROW(median_interval(one_to(5)), Error);
}

TEST(MedianInterval, CoversTheMedianOfASkewLawAsOftenAsItSays) {
  int covered = 0;
  constexpr int kTrials = 2000, kValues = 9;  // k = 2: the exact coverage is 1 - 2 (1 + 9) / 512 = 0.9609
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values;
    for (int i = 0; i < kValues; ++i)
      values.push_back(-std::log(uniform({.seed = 3, .stream = Stream::random_score, .id = std::uint64_t(trial * kValues + i)})));
    const Interval found = median_interval(values);
    covered += found.low <= std::log(2.0) && std::log(2.0) <= found.high;
  }
  EXPECT_NEAR(covered / double{kTrials}, 0.9609, 4 * std::sqrt(0.9609 * 0.0391 / kTrials));
}

}  // namespace
}  // namespace alea
