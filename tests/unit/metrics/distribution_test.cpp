#include "metrics/distribution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"

namespace alea {
namespace {

TEST(QuantileOfSorted, IsLinearBetweenOrderStatistics) {
  const std::vector<double> values{1, 2, 4, 8, 16};
  EXPECT_EQ(quantile_of_sorted(values, 0), 1);
  EXPECT_EQ(quantile_of_sorted(values, 1), 16);
  EXPECT_EQ(quantile_of_sorted(values, 0.5), 4);
  EXPECT_DOUBLE_EQ(quantile_of_sorted(values, 0.3), 2.4);  // place 1.2
  EXPECT_EQ(quantile_of_sorted(std::vector<double>{7}, 0.3), 7);
  EXPECT_THROW(quantile_of_sorted({}, 0.5), Error);
  EXPECT_THROW(quantile_of_sorted(values, 1.1), Error);
}

TEST(DistributionOf, HasTheUnbiasedSpreadOfValuesInAnyOrder) {
  const Distribution found = distribution_of({9, 1, 5}, std::vector<double>{0, 0.25, 1});
  EXPECT_EQ(found.mean, 5);
  EXPECT_EQ(found.sd, 4);  // (16 + 16) / 2
  EXPECT_EQ(found.quantiles, (std::vector<double>{1, 3, 9}));
  EXPECT_THROW(distribution_of({1}, {}), Error);
  EXPECT_THROW(distribution_of({1, std::numeric_limits<double>::quiet_NaN()}, {}), Error);
}

}  // namespace
}  // namespace alea
