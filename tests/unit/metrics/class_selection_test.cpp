#include "metrics/class_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "metrics/selection.h"
#include "test_features.h"

namespace alea {
namespace {

using ::testing::ElementsAre;

TEST(ClassPlaces, ArePlacesAmongTheOwnClassWithTiesByIndex) {
  const std::vector<double> scores{5, 100, 5, 300, 1, 200};
  const std::vector<std::uint64_t> classes{7, 2, 7, 2, 7, 2};
  EXPECT_THAT(class_places(scores, classes), ElementsAre(0.5, 0.5 / 3, 2.5 / 3, 2.5 / 3, 0.5 / 3, 0.5));
  EXPECT_THROW(class_places(scores, std::vector<std::uint64_t>{1}), Error);
}

/// One class scores far below the other: ranked together, a half would be of one class alone.
TEST(ClassPlaces, KeepTheBestOfEachClassInEqualShares) {
  constexpr std::size_t kN = 300;
  std::vector<double> scores = random_scores(consecutive_ids(kN), 3, 0);
  std::vector<std::uint64_t> classes(kN);
  for (std::size_t i = 0; i < kN; ++i) {
    classes[i] = i % 3 == 0;  // 100 of class 1, 200 of class 0
    if (classes[i] == 0) scores[i] -= 10;
  }
  for (const KeepSide side : {KeepSide::lowest, KeepSide::highest}) {
    std::map<std::uint64_t, std::vector<double>> kept, left;
    const auto rows = keep_by_score(class_places(scores, classes), kN / 2, side);
    for (std::uint32_t i = 0; i < kN; ++i)
      (std::binary_search(rows.begin(), rows.end(), i) ? kept : left)[classes[i]].push_back(scores[i]);
    EXPECT_EQ(kept[0].size(), 100u);
    EXPECT_EQ(kept[1].size(), 50u);
    for (const std::uint64_t label : {0, 1}) {
      const auto worst_kept = *std::ranges::max_element(kept[label]), best_left = *std::ranges::min_element(left[label]);
      const auto best_kept = *std::ranges::min_element(kept[label]), worst_left = *std::ranges::max_element(left[label]);
      EXPECT_TRUE(side == KeepSide::lowest ? worst_kept < best_left : best_kept > worst_left) << label;
    }
  }
}

/// Classes far apart, the reference being all of both: a random subset is off by its share of either class, unless it keeps them.
TEST(FilteringAnalysis, RandomSubsetsWithinClassesKeepTheirShares) {
  constexpr std::size_t kN = 256;
  test::Features pool = test::make_features(2, kN, 3);
  std::vector<std::uint64_t> classes(kN);
  for (std::size_t i = 0; i < kN; ++i) {
    classes[i] = (i / 32) % 2;
    pool.values[3 * i] += classes[i] ? 20.0f : -20.0f;
  }
  const FrechetReference gaussian(fit_gaussian(pool.view()));
  const FilteringAnalysis analysis(pool.view(), consecutive_ids(kN), gaussian);
  const auto spread = [](const RandomSubsets& subsets) {
    const auto [low, high] = std::ranges::minmax(subsets.values);
    return high - low;
  };
  EXPECT_LT(spread(analysis.random(128, 1, 40, classes)), 0.2 * spread(analysis.random(128, 1, 40)));
}

}  // namespace
}  // namespace alea
