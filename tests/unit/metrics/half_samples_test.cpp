#include "metrics/half_samples.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/philox.h"

namespace alea {
namespace {

TEST(HalfSamples, SplitsAreBalanced) {
  for (int split = 0; split < kSplits; ++split) {
    int second = 0;
    for (int g = 0; g < kJackknifeGroups; ++g) second += half_of(split, g);
    EXPECT_EQ(second, kJackknifeGroups / 2);
  }
  for (int g = 0; g < kJackknifeGroups; ++g)
    for (int h = 0; h < g; ++h) {
      int together = 0;
      for (int split = 0; split < kSplits; ++split) together += half_of(split, g) == half_of(split, h) ? 1 : 0;
      EXPECT_EQ(together, kSplits / 2) << g << " " << h;
    }
}

TEST(HalfSamples, SmallestHalfCountsRows) {
  GroupSizes sizes;
  sizes.fill(2);
  EXPECT_EQ(smallest_half(sizes), 32U);
  sizes[7] = 0;
  EXPECT_EQ(smallest_half(sizes), 30U);
}

TEST(HalfSamples, EqualTheJackknifeOfAMean) {
  std::vector<float> groups(kJackknifeGroups);
  fill_normal({.seed = 5}, groups);
  double mean = 0;
  for (const float x : groups) mean += double{x} / kJackknifeGroups;
  std::vector<double> without, differences;
  for (const float x : groups) without.push_back((mean * kJackknifeGroups - x) / (kJackknifeGroups - 1));
  for (int split = 0; split < kSplits; ++split) {
    double difference = 0;
    for (int g = 0; g < kJackknifeGroups; ++g) difference += (half_of(split, g) == 0 ? 1 : -1) * groups[g] / 16.0;
    differences.push_back(difference);
  }
  const Interval jackknife = jackknife_interval(mean, without), halves = half_sample_interval(mean, differences);
  EXPECT_NEAR(halves.standard_error, jackknife.standard_error, 1e-15);
  EXPECT_NEAR(halves.low, jackknife.low, 1e-14);
  EXPECT_NEAR(halves.high, jackknife.high, 1e-14);
}

TEST(HalfSamples, RefuseWhatHasNoError) {
  EXPECT_THROW(half_sample_interval(1, {}), Error);
  EXPECT_THROW(half_sample_interval(1, std::vector<double>{0.5, std::nan("")}), Error);
}

}  // namespace
}  // namespace alea
