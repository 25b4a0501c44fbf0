#include "metrics/precision_recall.h"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "core/error.h"
#include "set_metrics_fixture.h"

namespace alea {
namespace {

using test::consecutive_ids;
using test::Features;
using test::grid_features;
using test::hashed_generated;
using test::hashed_real;
using test::make_features;
using test::plain_distance;
using test::set_metrics_fixture;
using test::without_group;
using Rim = ManifoldOptions::Rim;

std::vector<double> all_radii(const Features& set, std::uint32_t k) {
  std::vector<double> radii;
  for (std::size_t i = 0; i < set.n; ++i) {
    std::vector<double> all;
    for (std::size_t j = 0; j < set.n; ++j) all.push_back(plain_distance(set, i, set, j));
    std::sort(all.begin(), all.end());  // the first is the row itself
    radii.push_back(all[k]);
  }
  return radii;
}

/// The definitions, one pair after the other.
struct Definition {
  double precision = 0, recall = 0, density = 0, coverage = 0;
};
Definition by_definition(const Features& real, const Features& generated, const ManifoldOptions& options) {
  const auto r = all_radii(real, options.k), s = all_radii(generated, options.k);
  std::vector<int> balls(generated.n), covered(real.n), recalled(real.n);
  for (std::size_t i = 0; i < real.n; ++i) {
    for (std::size_t j = 0; j < generated.n; ++j) {
      const double distance = plain_distance(real, i, generated, j);
      const auto inside = [&](double radius) { return options.rim == Rim::closed ? distance <= radius : distance < radius; };
      balls[j] += inside(r[i]) ? 1 : 0;
      covered[i] |= inside(r[i]) ? 1 : 0;
      recalled[i] |= inside(s[j]) ? 1 : 0;
    }
  }
  const double n = static_cast<double>(real.n), m = static_cast<double>(generated.n);
  double sum = 0;
  for (const int count : balls) sum += count;
  return {static_cast<double>(m - std::count(balls.begin(), balls.end(), 0)) / m,
          static_cast<double>(std::count(recalled.begin(), recalled.end(), 1)) / n, sum / (options.k * m),
          static_cast<double>(std::count(covered.begin(), covered.end(), 1)) / n};
}

Features half(const Features& set, const std::vector<std::uint64_t>& ids, int split, int side) {
  Features out{0, set.d, {}};
  for (std::size_t i = 0; i < set.n; ++i) {
    if (half_of(split, jackknife_group(ids[i])) != side) continue;
    ++out.n;
    const auto row = set.view().row(i);
    out.values.insert(out.values.end(), row.begin(), row.end());
  }
  return out;
}

void expect_half_differences(const ManifoldMetrics& metrics, const Features& real, const Features& generated,
                             const std::vector<std::uint64_t>& ids, const ManifoldOptions& options) {
  const auto places = consecutive_ids(real.n);
  ASSERT_EQ(metrics.recall.half_differences.size(), 2 * std::size_t{kSplits});
  for (int split = 0; split < kSplits; ++split) {
    SCOPED_TRACE(split);
    const std::array generated_halves = {half(generated, ids, split, 0), half(generated, ids, split, 1)};
    for (const int side : {0, 1}) {
      const Features real_half = half(real, places, split, side);
      const Definition first = by_definition(real_half, generated_halves[0], options),
                       second = by_definition(real_half, generated_halves[1], options);
      EXPECT_EQ(metrics.recall.half_differences[2 * split + side], first.recall - second.recall);
      EXPECT_EQ(metrics.coverage.half_differences[2 * split + side], first.coverage - second.coverage);
    }
  }
}

void expect_definition(const Features& real, const Features& generated, const std::vector<std::uint64_t>& ids,
                       const ManifoldOptions& options, std::uint64_t recomputed = 0) {
  const ManifoldMetrics metrics = manifold_metrics(real.view(), generated.view(), ids, options);
  EXPECT_EQ(metrics.recomputed_rows, recomputed);
  const Definition whole = by_definition(real, generated, options);
  EXPECT_EQ(metrics.precision.value, whole.precision);
  EXPECT_EQ(metrics.recall.value, whole.recall);
  EXPECT_EQ(metrics.density.value, whole.density);
  EXPECT_EQ(metrics.coverage.value, whole.coverage);
  for (int g = 0; g < kJackknifeGroups; ++g) {
    SCOPED_TRACE(g);
    const Definition left = by_definition(real, without_group(generated, ids, g), options);
    EXPECT_EQ(metrics.precision.leave_one_out[g], left.precision);
    EXPECT_EQ(metrics.density.leave_one_out[g], left.density);
  }
  expect_half_differences(metrics, real, generated, ids, options);
}

TEST(PrecisionRecall, EqualPrdcWithAnOpenAndIprWithAClosedRim) {
  const Features real = hashed_real(), generated = hashed_generated();
  const auto fixture = set_metrics_fixture();
  for (const auto& expected : fixture["manifolds"]) {
    const std::uint32_t k = expected["k"];
    SCOPED_TRACE(k);
    const auto open = manifold_metrics(real.view(), generated.view(), {}, {.k = k, .rim = Rim::open});
    const auto closed = manifold_metrics(real.view(), generated.view(), {}, {.k = k, .rim = Rim::closed});
    EXPECT_DOUBLE_EQ(open.precision.value, expected["prdc"]["precision"]);
    EXPECT_DOUBLE_EQ(open.recall.value, expected["prdc"]["recall"]);
    EXPECT_DOUBLE_EQ(open.density.value, expected["prdc"]["density"]);
    EXPECT_DOUBLE_EQ(open.coverage.value, expected["prdc"]["coverage"]);
    EXPECT_DOUBLE_EQ(closed.precision.value, expected["ipr"]["precision"]);
    EXPECT_DOUBLE_EQ(closed.recall.value, expected["ipr"]["recall"]);
    EXPECT_TRUE(open.recall.half_differences.empty());
    EXPECT_TRUE(open.precision.leave_one_out.empty());
  }
}

TEST(PrecisionRecall, GroupsAndHalvesEqualSetsOfTheirOwn) {
  const Features real = make_features(1, 230, 6), generated = make_features(2, 260, 6, 0.2, 0.8);
  const auto ids = consecutive_ids(260);
  expect_definition(real, generated, ids, {.k = 3, .rim = Rim::closed});
  expect_definition(real, generated, ids, {.k = 1, .rim = Rim::open});
}

TEST(PrecisionRecall, GroupsAndHalvesEqualSetsOfTheirOwnAmongTiesAndDuplicates) {
  const Features real = grid_features(3, 200, 3, 5), generated = grid_features(4, 240, 3, 4);
  for (const Rim rim : {Rim::closed, Rim::open}) expect_definition(real, generated, consecutive_ids(240), {.k = 2, .rim = rim});
}

TEST(PrecisionRecall, NeighbourListsThatRunOutAreMadeAgain) {
  // One row of group 1 amid rows of group 0, which are on the other side in every second split, and 700 rows far away.
  Features generated = make_features(5, 760, 4, 0, 0.1), real = make_features(6, 150, 4, 16, 5);
  std::vector<std::uint64_t> ids{1};
  for (std::size_t i = 1; i < generated.n; ++i) {
    ids.push_back(i < 60 ? 32 * i : i);
    if (i >= 60) generated.values[4 * i] += 9;
  }
  expect_definition(real, generated, ids, {.k = 3}, 1);
}

TEST(PrecisionRecall, ACollapsedGeneratorIsPreciseAndRecallsLittle) {
  const Features real = make_features(7, 600, 8);
  Features generated = make_features(8, 600, 8, 0, 1e-3);
  const auto metrics = manifold_metrics(real.view(), generated.view(), {}, {.k = 3});
  EXPECT_GT(metrics.precision.value, 0.99);
  EXPECT_LT(metrics.recall.value, 0.01);
  const auto swapped = manifold_metrics(generated.view(), real.view(), {}, {.k = 3});
  EXPECT_EQ(swapped.precision.value, metrics.recall.value);
  EXPECT_EQ(swapped.recall.value, metrics.precision.value);
}

TEST(PrecisionRecall, DuplicatesAreInsideAClosedRimOnly) {
  const Features few = make_features(9, 20, 5);
  Features ten{200, 5, {}};
  for (int copy = 0; copy < 10; ++copy) ten.values.insert(ten.values.end(), few.values.begin(), few.values.end());
  const auto closed = manifold_metrics(ten.view(), ten.view(), {}, {.k = 3, .rim = Rim::closed});
  const auto open = manifold_metrics(ten.view(), ten.view(), {}, {.k = 3, .rim = Rim::open});
  for (const ManifoldMetric* metric : {&closed.precision, &closed.recall, &closed.coverage}) EXPECT_EQ(metric->value, 1);
  for (const ManifoldMetric* metric : {&open.precision, &open.recall, &open.coverage, &open.density}) EXPECT_EQ(metric->value, 0);
  EXPECT_EQ(closed.zero_radii_real, 200U);
  EXPECT_EQ(closed.zero_radii_generated, 200U);
}

TEST(PrecisionRecall, BitsDoNotDependOnThreads) {
  const Features real = make_features(10, 1100, 12), generated = make_features(11, 900, 12, 0.1);
  const auto ids = consecutive_ids(900);
  const auto many = manifold_metrics(real.view(), generated.view(), ids, {});
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  const auto single = manifold_metrics(real.view(), generated.view(), ids, {});
  EXPECT_EQ(many.recall.half_differences, single.recall.half_differences);
  EXPECT_EQ(many.density.leave_one_out, single.density.leave_one_out);
  EXPECT_EQ(many.coverage.half_differences, single.coverage.half_differences);
  EXPECT_EQ(many.precision.leave_one_out, single.precision.leave_one_out);
}

TEST(PrecisionRecall, RefusesWhatItCanNotMeasure) {
  const Features five = make_features(12, 5, 3), forty = make_features(13, 40, 3), wide = make_features(14, 40, 4);
  const auto ids = consecutive_ids(40);
  EXPECT_THROW(manifold_metrics(five.view(), forty.view(), {}, {.k = 5}), Error);
  EXPECT_THROW(manifold_metrics(forty.view(), five.view(), {}, {.k = 5}), Error);
  EXPECT_THROW(manifold_metrics(forty.view(), forty.view(), {}, {.k = 0}), Error);
  EXPECT_THROW(manifold_metrics(forty.view(), wide.view(), {}, {}), Error);
  EXPECT_THROW(manifold_metrics(forty.view(), forty.view(), {ids.data(), 39}, {}), Error);
  EXPECT_THROW(manifold_metrics(forty.view(), forty.view(), std::vector<std::uint64_t>(40, 1), {}), Error);
  EXPECT_THROW(manifold_metrics(forty.view(), forty.view(), ids, {.k = 20}), Error);
  EXPECT_THROW(manifold_metrics(five.view(), forty.view(), ids, {.k = 3}), Error);
  Features bad = forty;
  bad.values[0] = std::nanf("");
  EXPECT_THROW(manifold_metrics(forty.view(), bad.view(), {}, {}), Error);
  EXPECT_THROW(realism(forty.view(), bad.view(), 3), Error);
  EXPECT_THROW(realism(forty.view(), wide.view(), 3), Error);
}

TEST(Realism, IsTheLargestRatioOverTheSmallBalls) {
  for (const std::size_t n : {601, 600}) {
    const Features real = make_features(15, n, 9), generated = make_features(16, 530, 9, 0.3, 1.5);
    const auto squared = all_radii(real, 3);
    auto ordered = squared;
    std::sort(ordered.begin(), ordered.end());
    const auto found = realism(real.view(), generated.view(), 3);
    for (std::size_t j = 0; j < generated.n; ++j) {
      double best = 0;
      for (std::size_t i = 0; i < real.n; ++i) {
        if (squared[i] > ordered[(n - 1) / 2]) continue;
        best = std::max(best, std::sqrt(squared[i] / plain_distance(real, i, generated, j)));
      }
      ASSERT_NEAR(found[j], best, 1e-14 * best) << j;
    }
  }
}

TEST(Realism, IsInfiniteOnTopOfASampleWithASmallBall) {
  const Features line{5, 1, {0, 1, 2, 10, 20}}, points{3, 1, {1, 20, 4}};
  const auto found = realism(line.view(), points.view(), 1);  // radii 1, 1, 1, 8, 10
  EXPECT_EQ(found[0], std::numeric_limits<double>::infinity());
  EXPECT_DOUBLE_EQ(found[1], 1.0 / 18);
  EXPECT_DOUBLE_EQ(found[2], 0.5);
}

}  // namespace
}  // namespace alea
