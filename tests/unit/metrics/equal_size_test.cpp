#include "metrics/equal_size.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/error.h"
#include "test_features.h"

namespace alea {
namespace {

using test::consecutive_ids;
using test::Features;
using test::make_features;
using ::testing::ElementsAre;

struct Pool {
  Features features = make_features(1, 600, 4, 0, 1);
  FrechetReference reference{fit_gaussian(make_features(2, 4000, 4, 0, 1).view())};
  Ids ids = consecutive_ids(600);
  EqualSizeDistances of(std::size_t size, std::uint32_t draws) const { return {features.view(), ids, reference, size, 3, draws}; }
};

TEST(EqualSize, SharesBecomeCounts) {
  EXPECT_THAT(kept_of_shares(std::vector<double>{0.001, 0.25, 1}, 10), ElementsAre(1U, 3U, 10U));
  EXPECT_THROW(kept_of_shares(std::vector<double>{0}, 10), Error);
  EXPECT_THROW(kept_of_shares(std::vector<double>{1.01}, 10), Error);
}

TEST(EqualSize, ADrawIsTheSeededSubsetOfWhatIsKept) {
  const Pool pool;
  const auto scores = random_scores(pool.ids, 8, 0);
  const auto found = pool.of(200, 2).kept(scores, 300, KeepSide::highest);
  for (std::uint32_t draw = 0; draw < 2; ++draw) {
    const auto kept = keep_by_score(scores, 300, KeepSide::highest);
    std::vector<double> order;
    for (const std::uint32_t row : kept) order.push_back(random_scores(pool.ids, 3, draw)[row]);
    std::vector<std::uint32_t> rows;
    for (const std::uint32_t place : keep_by_score(order, 200, KeepSide::lowest)) rows.push_back(kept[place]);
    MomentSums sums(pool.reference.gaussian().mean);
    sums.add(pool.features.view(), rows);
    EXPECT_EQ(found[draw], pool.reference.distance(fit_gaussian(sums)));
  }
  EXPECT_EQ(pool.of(200, 3).kept(scores, 600, KeepSide::lowest), pool.of(200, 3).random());
}

/// What it is for: sets of one law and of unlike sizes have unlike distances, and equal ones here.
TEST(EqualSize, AScoreThatKnowsNothingDrawsALevelCurve) {
  const Pool pool;
  const auto scores = random_scores(pool.ids, 8, 0);
  const EqualSizeDistances distances = pool.of(60, 40);
  const auto mean = [](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  const double random = mean(distances.random()), third = mean(distances.kept(scores, 200, KeepSide::lowest));
  EXPECT_NEAR(third / random, 1, 0.25);
  const FilteringAnalysis unequal(pool.features.view(), pool.ids, pool.reference);
  EXPECT_GT(unequal.kept(scores, 60, KeepSide::lowest).value, 3 * unequal.kept(scores, 600, KeepSide::lowest).value);
}

TEST(EqualSize, RefusesWhatItCanNotMeasure) {
  const Pool pool;
  const std::vector<double> scores(600, 0.0);
  EXPECT_THROW(pool.of(300, 2).kept(scores, 200, KeepSide::lowest), Error);
  EXPECT_THROW(pool.of(601, 2).random(), Error);
  EXPECT_THROW(pool.of(1, 2), Error);
  EXPECT_THROW(pool.of(100, 0), Error);
  EXPECT_THROW(pool.of(100, 2).kept(std::vector<double>(5, 0.0), 4, KeepSide::lowest), Error);
}

}  // namespace
}  // namespace alea
