#include "metrics/subset_manifold.h"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "set_metrics_fixture.h"

namespace alea {
namespace {

using test::consecutive_ids;
using test::Features;
using test::grid_features;
using test::make_features;
using Rim = ManifoldOptions::Rim;
using Rows = std::vector<std::uint32_t>;

Features rows_of(const Features& set, const Rows& rows) {
  Features out{rows.size(), set.d, {}};
  for (const std::uint32_t row : rows) {
    const auto values = set.view().row(row);
    out.values.insert(out.values.end(), values.begin(), values.end());
  }
  return out;
}

/// Sorted rows of those wanted that are kept: the definition, without any of the class's short cuts.
Rows selected(const std::vector<double>& scores, std::size_t keep, KeepSide side,
              const std::function<bool(std::size_t)>& wanted) {
  Rows left;
  for (const std::uint32_t row : rank_by_score(scores, side))
    if (wanted(row)) left.push_back(row);
  left.resize(reduced_keep(keep, scores.size(), left.size()));
  std::sort(left.begin(), left.end());
  return left;
}

Rows half_rows(std::size_t n, int split, int half) {
  Rows rows;
  for (std::uint32_t i = 0; i < n; ++i)
    if (half_of(split, jackknife_group(i)) == half) rows.push_back(i);
  return rows;
}

struct Case {
  Features real, pool;
  std::vector<double> scores;
  std::size_t keep = 0;
  ManifoldOptions options;
  Ids ids() const { return consecutive_ids(pool.n); }
  SubsetManifold manifold() const { return {real.view(), pool.view(), ids(), keep, options}; }
  Features subset(KeepSide side, const std::function<bool(std::size_t)>& wanted) const {
    return rows_of(pool, selected(scores, keep, side, wanted));
  }
};

void expect_definition(const Case& c, KeepSide side) {
  const ManifoldMetrics found = c.manifold().kept(c.scores, c.keep, side);
  const auto of = [&](const Features& real, const Features& generated) {
    return manifold_metrics(real.view(), generated.view(), {}, c.options);
  };
  const ManifoldMetrics whole = of(c.real, c.subset(side, [](std::size_t) { return true; }));
  EXPECT_EQ(found.precision.value, whole.precision.value);
  EXPECT_EQ(found.recall.value, whole.recall.value);
  EXPECT_EQ(found.density.value, whole.density.value);
  EXPECT_EQ(found.coverage.value, whole.coverage.value);
  EXPECT_EQ(found.zero_radii_real, whole.zero_radii_real);
  EXPECT_EQ(found.zero_radii_generated, whole.zero_radii_generated);
  for (const int g : {0, 7, 31}) {
    const ManifoldMetrics left = of(c.real, c.subset(side, [g](std::size_t i) { return jackknife_group(i) != g; }));
    EXPECT_EQ(found.precision.leave_one_out[g], left.precision.value) << g;
    EXPECT_EQ(found.density.leave_one_out[g], left.density.value) << g;
  }
  for (const int split : {0, 13, 30}) {
    for (const int real_half : {0, 1}) {
      const Features real = rows_of(c.real, half_rows(c.real.n, split, real_half));
      const auto half = [&](int h) {
        return of(real, c.subset(side, [&](std::size_t i) { return half_of(split, jackknife_group(i)) == h; }));
      };
      const ManifoldMetrics first = half(0), second = half(1);
      EXPECT_EQ(found.recall.half_differences[2 * split + real_half], first.recall.value - second.recall.value) << split;
      EXPECT_EQ(found.coverage.half_differences[2 * split + real_half], first.coverage.value - second.coverage.value) << split;
    }
  }
}

std::vector<double> first_coordinate(const Features& set) {
  std::vector<double> scores;
  for (std::size_t i = 0; i < set.n; ++i) scores.push_back(set.view().row(i)[0]);
  return scores;
}

TEST(SubsetManifold, IsWhatTheKeptRowsHaveByThemselves) {
  const Features pool = make_features(2, 300, 6, 0.2, 0.8);
  for (const ManifoldOptions& options : {ManifoldOptions{3, Rim::closed}, ManifoldOptions{1, Rim::open}}) {
    const Case c{make_features(1, 230, 6), pool, random_scores(consecutive_ids(300), 4, 0), 250, options};
    expect_definition(c, KeepSide::lowest);
    expect_definition(c, KeepSide::highest);
  }
}

TEST(SubsetManifold, IsTheSameAmongTiesAndDuplicates) {
  const Features pool = grid_features(4, 260, 3, 4);
  for (const Rim rim : {Rim::closed, Rim::open}) {
    const Case c{grid_features(3, 200, 3, 5), pool, first_coordinate(pool), 200, {2, rim}};
    expect_definition(c, KeepSide::lowest);
  }
}

/// The score removes whole regions: listed neighbours run out, and the cut lists of a real row hold nobody who is left.
TEST(SubsetManifold, RegionsThatTheScoreEmptiesAreSearchedFarther) {
  Features pool = make_features(6, 1500, 3, 0, 1), real = make_features(5, 1500, 3, 12, 1);
  for (std::size_t k = 0; k < 3; ++k) real.values[k] = 0;  // one real row apart, whose ball has them all
  std::vector<double> scores;
  for (std::size_t i = 0; i < pool.n; ++i) {
    const bool crowd = i % 5 != 0;  // four fifths lie close around it, and leave but for two
    for (std::size_t k = 0; k < 3; ++k)
      if (crowd) pool.values[3 * i + k] *= 1e-3F;
    scores.push_back(crowd && i > 2 ? 1 : 0);
  }
  for (const Rim rim : {Rim::closed, Rim::open}) {
    Case c{real, pool, scores, 302, {3, rim}};
    EXPECT_GT(c.manifold().kept(scores, 302, KeepSide::lowest).recomputed_rows, 0U);
    expect_definition(c, KeepSide::lowest);
    const SubsetManifold short_lists(real.view(), pool.view(), c.ids(), 1500, c.options);
    EXPECT_EQ(short_lists.kept(scores, 302, KeepSide::lowest).recall.half_differences,
              c.manifold().kept(scores, 302, KeepSide::lowest).recall.half_differences);
    EXPECT_EQ(short_lists.kept(scores, 302, KeepSide::lowest).coverage.value,
              c.manifold().kept(scores, 302, KeepSide::lowest).coverage.value);
  }
}

/// A real row that lies in more balls than are listed, all of them of samples that leave but for one of a higher rank.
TEST(SubsetManifold, ARealRowInMoreBallsThanAreListedIsStillFound) {
  constexpr std::size_t kWide = 310, kAxes = 300;
  Features real{600, kWide, std::vector<float>(600 * kWide)}, pool{0, kWide, {}};
  std::vector<double> scores;
  const auto add = [&](std::size_t axis, float length, std::size_t also, float shift, double score) {
    pool.values.resize(++pool.n * kWide);
    pool.values[(pool.n - 1) * kWide + axis] = length;
    pool.values[(pool.n - 1) * kWide + also] += shift;
    scores.push_back(score);
  };
  for (std::size_t axis = 0; axis < kAxes; ++axis) add(axis, 10, 309, 0, 1);  // real row 0, the origin, is their nearest
  for (int i = 0; i < 11; ++i) add(300, 10, 301, 0.1F * static_cast<float>(i), i < 3 ? 0 : 1);  // reach it when others have left
  for (int i = 0; i < 6; ++i) {
    add(300, 10, 302, 12, 0);
    pool.values.back() = 0.1F * static_cast<float>(i);
  }
  for (int i = 0; i < 200; ++i) add(303, 1000, 304, static_cast<float>(i), 0);
  for (std::size_t i = 1; i < real.n; ++i) real.values[i * kWide + 305] = 1000 + static_cast<float>(i);
  const Case c{real, pool, scores, 209, {3, Rim::closed}};
  const SubsetManifold short_lists(real.view(), pool.view(), c.ids(), pool.n, c.options);
  EXPECT_EQ(short_lists.kept(scores, 209, KeepSide::lowest).recall.value, 1.0 / 600);
  expect_definition(c, KeepSide::lowest);
}

TEST(SubsetManifold, KeepingAllIsManifoldMetricsWithItsIntervals) {
  const Case c{
      make_features(1, 230, 6), make_features(2, 260, 6, 0.2, 0.8), std::vector<double>(260, 0.0), 260, {3, Rim::closed}};
  const ManifoldMetrics found = c.manifold().kept(c.scores, 260, KeepSide::lowest);
  const ManifoldMetrics expected = manifold_metrics(c.real.view(), c.pool.view(), c.ids(), c.options);
  EXPECT_EQ(found.precision.leave_one_out, expected.precision.leave_one_out);
  EXPECT_EQ(found.density.leave_one_out, expected.density.leave_one_out);
  EXPECT_EQ(found.recall.half_differences, expected.recall.half_differences);
  EXPECT_EQ(found.coverage.half_differences, expected.coverage.half_differences);
}

/// Two points of the real set on a line, the generated ones on top of one of them, beside it and far away: by hand.
TEST(SubsetManifold, ASmallSetByHand) {
  Features real{64, 1, {}}, pool{96, 1, {}};
  std::vector<double> scores;
  for (int i = 0; i < 64; ++i)
    real.values.push_back(static_cast<float>(i % 2 == 0 ? 0 : 100) + 0.01F * static_cast<float>(i / 2));
  for (int j = 0; j < 96; ++j) {
    const int place = j % 3;  // among the first half of the real ones, among the second, nowhere
    pool.values.push_back(static_cast<float>(place == 0   ? 0.005
                                             : place == 1 ? 100.005
                                                          : 1000) +
                          0.01F * static_cast<float>(j / 3));
    scores.push_back(place);
  }
  const SubsetManifold manifold(real.view(), pool.view(), consecutive_ids(96), 64, {.k = 2});
  const ManifoldMetrics good = manifold.kept(scores, 64, KeepSide::lowest), bad = manifold.kept(scores, 64, KeepSide::highest);
  EXPECT_EQ(good.precision.value, 1);
  EXPECT_EQ(good.recall.value, 1);
  EXPECT_EQ(good.coverage.value, 1);
  EXPECT_EQ(bad.precision.value, 0.5);
  EXPECT_EQ(bad.recall.value, 0.5);
  EXPECT_EQ(bad.coverage.value, 0.5);
}

TEST(SubsetManifold, DependsNeitherOnTheOrderOfRowsNorOnThreads) {
  const Features real = make_features(1, 200, 5), pool = make_features(2, 288, 5, 0.2);
  const auto scores = random_scores(consecutive_ids(288), 9, 0);
  const Case c{real, pool, scores, 240, {3, Rim::closed}};
  const RandomManifolds many = c.manifold().random(240, 1, 5);
  Rows order(288);
  std::iota(order.begin(), order.end(), 0U);
  std::reverse(order.begin(), order.end());
  Ids ids;
  std::vector<double> turned;
  for (const std::uint32_t row : order) {
    ids.push_back(row);
    turned.push_back(scores[row]);
  }
  const Features reversed = rows_of(pool, order);
  const SubsetManifold other(real.view(), reversed.view(), ids, 240, c.options);
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  EXPECT_EQ(other.kept(turned, 240, KeepSide::lowest).recall.half_differences,
            c.manifold().kept(scores, 240, KeepSide::lowest).recall.half_differences);
  const RandomManifolds single = other.random(240, 1, 5);
  EXPECT_EQ(single.recall, many.recall);
  EXPECT_EQ(single.mean.coverage.half_differences, many.mean.coverage.half_differences);
  EXPECT_EQ(single.mean.precision.leave_one_out, many.mean.precision.leave_one_out);
}

TEST(SubsetManifold, RandomSubsetsAreThoseOfTheirScores) {
  const Case c{make_features(1, 200, 5), make_features(2, 288, 5, 0.2), {}, 240, {3, Rim::closed}};
  const RandomManifolds random = c.manifold().random(240, 7, 3);
  double mean = 0;
  for (std::uint32_t draw = 0; draw < 3; ++draw) {
    const Features subset = rows_of(c.pool, random_subset(288, 240, 7, draw));
    const ManifoldMetrics expected = manifold_metrics(c.real.view(), subset.view(), {}, c.options);
    EXPECT_EQ(random.recall[draw], expected.recall.value);
    EXPECT_EQ(random.precision[draw], expected.precision.value);
    mean += expected.recall.value / 3;
  }
  EXPECT_EQ(random.mean.recall.value, mean);
}

TEST(SubsetManifold, RefusesWhatItCanNotMeasure) {
  const Features real = make_features(1, 200, 5), pool = make_features(2, 288, 5), wide = make_features(2, 288, 6);
  const Ids ids = consecutive_ids(288);
  EXPECT_THROW(SubsetManifold(real.view(), wide.view(), ids, 240, {.k = 3}), Error);
  EXPECT_THROW(SubsetManifold(real.view(), pool.view(), ids, 6, {.k = 3}), Error);
  EXPECT_THROW(SubsetManifold(real.view(), pool.view(), Ids(288, 1), 240, {.k = 3}), Error);
  EXPECT_NE(why_no_manifold(ids, 240, 7, 3), "");
  EXPECT_EQ(why_no_manifold(ids, 240, 200, 3), "");
  const SubsetManifold manifold(real.view(), pool.view(), ids, 240, {.k = 3});
  EXPECT_THROW(manifold.kept(std::vector<double>(7, 0.0), 5, KeepSide::lowest), Error);
}

}  // namespace
}  // namespace alea
