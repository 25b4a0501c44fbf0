#include "metrics/neighbours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "metrics/distance_tiles.h"
#include "set_metrics_fixture.h"

namespace alea {
namespace {

using test::Features;
using test::grid_features;
using test::make_features;
using test::plain_distance;
using ::testing::HasSubstr;

/// All pairs, in the given measure of distance.
template <class Distance>
NeighbourTable search_all(const Features& features, std::size_t kept, Distance distance) {
  NeighbourTable table{features.n, kept, {}, {}};
  for (std::size_t i = 0; i < features.n; ++i) {
    std::vector<std::pair<double, std::uint32_t>> all;
    for (std::size_t j = 0; j < features.n; ++j) {
      if (j != i) all.emplace_back(distance(i, j), static_cast<std::uint32_t>(j));
    }
    std::sort(all.begin(), all.end());
    for (std::size_t rank = 0; rank < kept; ++rank) {
      table.index.push_back(all[rank].second);
      table.squared_distance.push_back(all[rank].first);
    }
  }
  return table;
}

void expect_all_pairs_search(const Features& features, std::size_t kept) {
  const NeighbourTable found = nearest_neighbours(features.view(), kept);
  const NeighbourTable expected = search_all(features, kept, [&](std::size_t i, std::size_t j) {
    return squared_distance(features.view().row(i), features.view().row(j));
  });
  EXPECT_EQ(found.index, expected.index);
  EXPECT_EQ(found.squared_distance, expected.squared_distance);
}

TEST(SquaredDistance, IsTheSumOfSquaresAndSymmetric) {
  for (const std::size_t d : {1, 15, 16, 17, 100}) {
    const Features pair = make_features(1, 2, d);
    const double distance = squared_distance(pair.view().row(0), pair.view().row(1));
    EXPECT_NEAR(distance, plain_distance(pair, 0, pair, 1), 1e-14 * distance);
    EXPECT_EQ(distance, squared_distance(pair.view().row(1), pair.view().row(0)));
  }
}

TEST(Neighbours, EqualASearchOverAllPairs) {
  expect_all_pairs_search(make_features(2, 1100, 37), 21);
  expect_all_pairs_search(make_features(3, 40, 5), 39);
  expect_all_pairs_search(make_features(4, 2, 1), 1);
}

TEST(Neighbours, EqualItWhereFloatProductsLoseEverything) {
  expect_all_pairs_search(make_features(5, 600, 20, 1e4, 1e-2), 6);
  expect_all_pairs_search(make_features(6, 600, 20, 0, 1e-25), 6);
  expect_all_pairs_search(make_features(7, 600, 20, 0, 1e25), 6);
  Features outlier = make_features(8, 600, 20, 0, 1e-3);
  outlier.values[5] = 1e6F;
  expect_all_pairs_search(outlier, 6);
}

TEST(Neighbours, BreakTiesByIndex) {
  for (const int side : {2, 4}) {
    const Features grid = grid_features(9, 1100, 3, side);
    const NeighbourTable found = nearest_neighbours(grid.view(), 5);
    const NeighbourTable expected =
        search_all(grid, 5, [&](std::size_t i, std::size_t j) { return plain_distance(grid, i, grid, j); });
    EXPECT_EQ(found.index, expected.index);
    EXPECT_EQ(found.squared_distance, expected.squared_distance);
  }
}

TEST(Neighbours, OfACollapsedSetAreItsFirstRows) {
  const Features same{1500, 8, std::vector<float>(1500 * 8, 0.3F)};
  const NeighbourTable table = nearest_neighbours(same.view(), 2);
  EXPECT_EQ(std::vector(table.index.begin(), table.index.begin() + 6), (std::vector<std::uint32_t>{1, 2, 0, 2, 0, 1}));
  EXPECT_EQ(std::vector(table.index.end() - 2, table.index.end()), (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(std::count(table.squared_distance.begin(), table.squared_distance.end(), 0.0), 3000);
}

TEST(Neighbours, BitsDoNotDependOnThreads) {
  const Features features = make_features(10, 1300, 16);
  const NeighbourTable many = nearest_neighbours(features.view(), 4);
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  const NeighbourTable single = nearest_neighbours(features.view(), 4);
  EXPECT_EQ(many.index, single.index);
  EXPECT_EQ(many.squared_distance, single.squared_distance);
}

TEST(Neighbours, RefuseRowsThatAreNotFiniteByIndexAndTooFewRows) {
  Features features = make_features(11, 50, 4);
  EXPECT_THROW(nearest_neighbours(features.view(), 50), Error);
  EXPECT_THROW(nearest_neighbours(features.view(), 0), Error);
  EXPECT_THROW(nearest_neighbours(FeatureView{features.values, 49, 4}, 3), Error);
  features.values[4 * 7] = std::nanf("");
  features.values[4 * 31 + 3] = std::numeric_limits<float>::infinity();
  try {
    nearest_neighbours(features.view(), 3);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::domain);
    EXPECT_THAT(error.what(), HasSubstr("2 of 50 rows"));
    EXPECT_THAT(error.what(), HasSubstr("7 31"));
  }
}

}  // namespace
}  // namespace alea
