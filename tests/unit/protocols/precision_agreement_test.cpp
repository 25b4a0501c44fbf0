#include "protocols/precision_agreement.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace alea {
namespace {

/// Ten images of two pixels whose one statistic ranks them 0..9.
PrecisionSamples ten() {
  PrecisionSamples out{
      .elements = 2, .images = std::vector<std::uint8_t>(20, 100), .finite = std::vector<std::uint8_t>(10, 1), .statistics = {}};
  out.statistics.push_back({"a", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}});
  return out;
}

TEST(PrecisionAgreement, OfEqualSamplesIsPerfect) {
  const PrecisionAgreement found = measure_agreement(ten(), ten(), 3, 10);
  EXPECT_EQ(found.n, 10u);
  EXPECT_EQ(found.kept, 3u);
  EXPECT_EQ(found.worst_pixel, 0);
  EXPECT_EQ(found.mean_pixel, 0);
  EXPECT_EQ(found.statistics.at(0).spearman, 1);
  EXPECT_EQ(found.statistics.at(0).overlap_lowest, 1);
  EXPECT_EQ(found.statistics.at(0).overlap_highest, 1);
}

TEST(PrecisionAgreement, SeesASwapInTheRanksAndOnTheSideWhereItCrosses) {
  PrecisionSamples other = ten();
  std::swap(other.statistics[0].scores[2], other.statistics[0].scores[3]);  // the third and fourth lowest
  const StatisticAgreement found = measure_agreement(ten(), other, 3, 10).statistics.at(0);
  EXPECT_DOUBLE_EQ(*found.spearman, 1 - 6 * 2.0 / (10 * 99));  // 1 - 6 sum d^2 / (n (n^2 - 1))
  EXPECT_DOUBLE_EQ(found.overlap_lowest, 2.0 / 3);
  EXPECT_EQ(found.overlap_highest, 1);
}

TEST(PrecisionAgreement, KeepsTheConfigsShareRoundedHalfUp) {
  EXPECT_EQ(measure_agreement(ten(), ten(), 500, 600).kept, 8u);  // 8.33
  EXPECT_EQ(measure_agreement(ten(), ten(), 450, 600).kept, 8u);  // 7.5
  EXPECT_EQ(measure_agreement(ten(), ten(), 1, 6000).kept, 1u);
}

TEST(PrecisionAgreement, LeavesOutAndCountsWhatIsNotFinite) {
  PrecisionSamples float32 = ten(), below = ten();
  float32.finite[9] = 0;
  below.finite[9] = 0;
  below.finite[0] = 0;
  below.images[0] = 255;  // of an image that doesn't count
  const PrecisionAgreement found = measure_agreement(float32, below, 5, 10);
  EXPECT_EQ(found.n, 8u);
  EXPECT_EQ(found.kept, 4u);
  EXPECT_EQ(found.non_finite, 1u);
  EXPECT_EQ(found.lost, 1u);
  EXPECT_EQ(found.worst_pixel, 0);
}

TEST(PrecisionAgreement, PixelsDifferByGreyLevelsEitherWay) {
  PrecisionSamples below = ten();
  below.images[3] = 93;
  below.images[4] = 103;
  const PrecisionAgreement found = measure_agreement(ten(), below, 5, 10);
  EXPECT_EQ(found.worst_pixel, 7);
  EXPECT_DOUBLE_EQ(found.mean_pixel, 10.0 / 20);
}

TEST(PrecisionAgreement, AConstantScoreHasNoRankCorrelation) {
  PrecisionSamples below = ten();
  below.statistics[0].scores.assign(10, 1.0);
  EXPECT_FALSE(measure_agreement(ten(), below, 5, 10).statistics.at(0).spearman.has_value());
}

TEST(PrecisionAgreement, RefusesUnlikeSamples) {
  PrecisionSamples fewer = ten(), renamed = ten();
  fewer.finite.pop_back();
  renamed.statistics[0].name = "b";
  EXPECT_THROW(measure_agreement(ten(), fewer, 5, 10), Error);
  EXPECT_THROW(measure_agreement(ten(), renamed, 5, 10), Error);
  PrecisionSamples none = ten();
  none.finite.assign(10, 0);
  EXPECT_THROW(measure_agreement(ten(), none, 5, 10), Error);
}

}  // namespace
}  // namespace alea
