#include "metrics/subset_kid.h"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>

#include "core/error.h"
#include "metrics/kid.h"
#include "test_features.h"

namespace alea {
namespace {

using test::consecutive_ids;
using test::Features;
using test::make_features;

double distance_of_rows(const Features& real, const Features& pool, std::vector<std::uint32_t> rows) {
  Features subset{rows.size(), pool.d, {}};
  for (const std::uint32_t row : rows) {
    const auto values = pool.view().row(row);
    subset.values.insert(subset.values.end(), values.begin(), values.end());
  }
  return squared_mmd(real.view(), subset.view());
}

std::vector<std::uint32_t> selected(const std::vector<double>& scores, std::size_t keep, KeepSide side, int without_group) {
  std::vector<std::uint32_t> left;
  for (const std::uint32_t row : rank_by_score(scores, side))
    if (jackknife_group(row) != without_group) left.push_back(row);
  left.resize(reduced_keep(keep, scores.size(), left.size()));
  return left;
}

TEST(SubsetKid, IsThatOfTheKeptRowsAndOfThoseSelectedAgain) {
  const Features real = make_features(1, 150, 7), pool = make_features(2, 700, 7, 0.3, 0.9);
  const SubsetKid kid(real.view(), pool.view(), consecutive_ids(700));
  const auto scores = random_scores(consecutive_ids(700), 3, 0);
  // 300: more are left out than kept; 690: some groups lose nothing.
  for (const std::size_t keep : {300, 580, 690})
    for (const KeepSide side : {KeepSide::lowest, KeepSide::highest}) {
      const SubsetDistance found = kid.kept(scores, keep, side).distance;
      EXPECT_NEAR(found.value, distance_of_rows(real, pool, selected(scores, keep, side, -1)), 1e-11);
      for (const int g : {0, 1, 12, 31})
        EXPECT_NEAR(found.leave_one_out[g], distance_of_rows(real, pool, selected(scores, keep, side, g)), 1e-11)
            << keep << " " << g;
    }
}

TEST(SubsetKid, OfThePoolIsKidIntervals) {
  const Features real = make_features(1, 150, 7), pool = make_features(2, 300, 7, 0.3, 0.9);
  std::vector<double> leave_one_out;
  const Interval expected = kid_interval(real.view(), pool.view(), consecutive_ids(300), &leave_one_out);
  const KernelDistance found = SubsetKid(real.view(), pool.view(), consecutive_ids(300)).all();
  EXPECT_NEAR(found.interval.value, expected.value, 1e-12);
  EXPECT_NEAR(found.interval.standard_error, expected.standard_error, 1e-12);
  for (std::size_t g = 0; g < leave_one_out.size(); ++g) EXPECT_NEAR(found.distance.leave_one_out[g], leave_one_out[g], 1e-12);
}

/// What lets the record call the pool's value the mean over random subsets.
TEST(SubsetKid, ThePoolsValueIsTheMeanOverAllSubsetsOfASize) {
  const Features real = make_features(1, 20, 4), pool = make_features(2, 40, 4, 0.5);
  double mean = 0;
  for (std::uint32_t out = 0; out < 40; ++out) {
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = 0; row < 40; ++row)
      if (row != out) rows.push_back(row);
    mean += distance_of_rows(real, pool, rows) / 40;
  }
  EXPECT_NEAR(SubsetKid(real.view(), pool.view(), consecutive_ids(40)).all().distance.value, mean, 1e-12);
}

TEST(SubsetKid, BitsDoNotDependOnThreads) {
  const Features real = make_features(1, 700, 9), pool = make_features(2, 600, 9, 0.3, 0.9);
  const auto scores = random_scores(consecutive_ids(600), 3, 0);
  const auto once = [&] { return SubsetKid(real.view(), pool.view(), consecutive_ids(600)).kept(scores, 500, KeepSide::lowest); };
  const KernelDistance many = once();
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  EXPECT_EQ(once().distance.leave_one_out, many.distance.leave_one_out);
}

TEST(SubsetKid, RefusesWhatItCanNotMeasure) {
  const Features real = make_features(1, 50, 4), pool = make_features(2, 64, 4), wide = make_features(2, 64, 5);
  EXPECT_THROW(SubsetKid(real.view(), wide.view(), consecutive_ids(64)), Error);
  EXPECT_THROW(SubsetKid(real.view(), pool.view(), consecutive_ids(63)), Error);
  EXPECT_THROW(SubsetKid(real.view(), pool.view(), Ids(64, 1)), Error);
  const SubsetKid kid(real.view(), pool.view(), consecutive_ids(64));
  EXPECT_THROW(kid.kept(std::vector<double>(64, 0.0), 65, KeepSide::lowest), Error);
  EXPECT_THROW(kid.kept(std::vector<double>(63, 0.0), 50, KeepSide::lowest), Error);
}

}  // namespace
}  // namespace alea
