#include "protocols/free_scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.h"

namespace alea {
namespace {

TEST(TotalVariation, IsZeroForAFlatImage) { EXPECT_EQ(total_variation(std::vector<std::uint8_t>(48, 77), 4, 4, 3), 0); }

TEST(TotalVariation, AddsRowsAndColumns) {
  // 1 4      horizontal |4-1| + |2-9| = 10, vertical |9-1| + |2-4| = 10
  // 9 2
  EXPECT_EQ(total_variation(std::vector<std::uint8_t>{1, 4, 9, 2}, 2, 2, 1), 20);
}

TEST(TotalVariation, DoesNotWrapFromOneRowToTheNext) {
  EXPECT_EQ(total_variation(std::vector<std::uint8_t>{0, 0, 100, 0, 0, 100}, 2, 3, 1), 200);
}

TEST(TotalVariation, KeepsChannelsApart) {
  // One row of two pixels with channels (1, 50, 200) and (2, 60, 100).
  EXPECT_EQ(total_variation(std::vector<std::uint8_t>{1, 50, 200, 2, 60, 100}, 1, 2, 3), 1 + 10 + 100);
}

TEST(EdgeEnergy, CountsARampOfSlopeOneAsOneAPixelInside) {
  // Columns 0 1 2 3 4: at the borders the repeated pixel halves the difference.
  const std::vector<std::uint8_t> row = {0, 1, 2, 3, 4};
  std::vector<std::uint8_t> across, down;
  for (int y = 0; y < 5; ++y)
    for (int x = 0; x < 5; ++x) {
      across.push_back(row[x]);
      down.push_back(row[y]);
    }
  EXPECT_DOUBLE_EQ(edge_energy(across, 5, 5, 1), 5 * (3 + 2 * 0.5));
  EXPECT_DOUBLE_EQ(edge_energy(down, 5, 5, 1), 5 * (3 + 2 * 0.5));
}

TEST(EdgeEnergy, IsTheLengthOfTheGradientWithBordersRepeated) {
  // One bright corner v: the middle sees (v, v), its two neighbours (v, 3v), the corner itself (3v, 3v), all over 8.
  std::vector<std::uint8_t> image(9, 0), mirrored(9, 0);
  image[8] = 200;
  mirrored[0] = 200;
  const double expected = 25 * (4 * std::sqrt(2) + 2 * std::sqrt(10));
  EXPECT_DOUBLE_EQ(edge_energy(image, 3, 3, 1), expected);
  EXPECT_DOUBLE_EQ(edge_energy(mirrored, 3, 3, 1), expected);
  EXPECT_EQ(edge_energy(std::vector<std::uint8_t>(48, 77), 4, 4, 3), 0);
}

TEST(EdgeEnergy, KeepsChannelsApartAndRefusesAnotherSize) {
  // One row of two pixels with channels (1, 50) and (3, 10): each pixel sees half of its channel's difference.
  EXPECT_DOUBLE_EQ(edge_energy(std::vector<std::uint8_t>{1, 50, 3, 10}, 1, 2, 2), 2 + 40);
  EXPECT_THROW(edge_energy(std::vector<std::uint8_t>(5), 2, 2, 1), Error);
}

TEST(TotalVariation, RefusesAnotherSize) { EXPECT_THROW(total_variation(std::vector<std::uint8_t>(5), 2, 2, 1), Error); }

}  // namespace
}  // namespace alea
