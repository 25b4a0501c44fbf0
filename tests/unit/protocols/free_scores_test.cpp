#include "protocols/free_scores.h"

#include <gtest/gtest.h>

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

TEST(TotalVariation, RefusesAnotherSize) { EXPECT_THROW(total_variation(std::vector<std::uint8_t>(5), 2, 2, 1), Error); }

}  // namespace
}  // namespace alea
