#include "protocols/planted.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace alea {
namespace {

TEST(PlantedIds, AreASixthAscendingAndWithoutRepeats) {
  for (const std::uint64_t n : {0, 5, 6, 600, 601}) {
    const Ids ids = planted_ids(3, n);
    EXPECT_EQ(ids.size(), n / 6);
    EXPECT_TRUE(std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>()) == ids.end());
    EXPECT_TRUE(ids.empty() || ids.back() < n);
  }
}

TEST(PlantedIds, DependOnTheSeedAlone) {
  EXPECT_EQ(planted_ids(3, 600), planted_ids(3, 600));
  EXPECT_NE(planted_ids(3, 600), planted_ids(4, 600));
}

TEST(PlantedIds, AreSpreadOverTheRun) {
  const Ids ids = planted_ids(1, 6000);
  double mean = 0;
  for (const SampleId id : ids) mean += static_cast<double>(id) / static_cast<double>(ids.size());
  // The mean of 1000 of 6000 without replacement has standard deviation 50.
  EXPECT_NEAR(mean, 2999.5, 200);
}

double mean_square_change(double strength) {
  const std::vector<std::uint8_t> grey(10000, 128);
  double sum = 0;
  for (const std::uint8_t v : plant_defect(grey, strength, 1, 7)) sum += (v - 128.0) * (v - 128.0) / grey.size();
  return sum;
}

TEST(PlantDefect, NoiseHasTheStatedStandardDeviation) {
  // Rounding adds 1/12; the mean square of 10,000 normals has relative standard deviation 1.4%.
  EXPECT_NEAR(mean_square_change(6) / (36 + 1.0 / 12), 1, 0.06);
  EXPECT_NEAR(mean_square_change(24) / (576 + 1.0 / 12), 1, 0.06);
}

TEST(PlantDefect, StrengthsArePaired) {
  const std::vector<std::uint8_t> grey(1000, 128);
  const auto weak = plant_defect(grey, 6, 1, 7), strong = plant_defect(grey, 24, 1, 7);
  for (std::size_t i = 0; i < grey.size(); ++i) {
    const double change = weak[i] - 128.0;
    EXPECT_LE(std::abs((strong[i] - 128.0) - 4 * change), 2.5) << i;
  }
}

TEST(PlantDefect, IsAFunctionOfSeedAndId) {
  const std::vector<std::uint8_t> grey(64, 128);
  EXPECT_EQ(plant_defect(grey, 12, 1, 7), plant_defect(grey, 12, 1, 7));
  EXPECT_NE(plant_defect(grey, 12, 1, 7), plant_defect(grey, 12, 1, 8));
  EXPECT_NE(plant_defect(grey, 12, 1, 7), plant_defect(grey, 12, 2, 7));
}

TEST(PlantDefect, ClampsInsteadOfWrapping) {
  const std::vector<std::uint8_t> black(1000, 0), white(1000, 255);
  const auto from_black = plant_defect(black, 24, 1, 7), from_white = plant_defect(white, 24, 1, 7);
  EXPECT_LT(*std::max_element(from_black.begin(), from_black.end()), 128);
  EXPECT_GT(*std::min_element(from_white.begin(), from_white.end()), 128);
}

}  // namespace
}  // namespace alea
