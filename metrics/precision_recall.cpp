#include "metrics/precision_recall.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>

#include "core/error.h"
#include "core/ids.h"
#include "metrics/distance_tiles.h"
#include "metrics/half_radii.h"
#include "metrics/neighbours.h"

namespace alea {
namespace {

using Rim = ManifoldOptions::Rim;
/// Bit 2 split + half: true of that half of the generated samples (and of the real one's own half of its set); bit 2 kSplits:
/// true of the whole sets.
using HalfMask = std::uint64_t;

constexpr HalfMask bit(int place) { return HalfMask{1} << place; }
constexpr HalfMask kWhole = bit(2 * kSplits);

/// The bits that samples of each group take part in.
std::array<HalfMask, kJackknifeGroups> masks_by_group() {
  std::array<HalfMask, kJackknifeGroups> masks{};
  for (int g = 0; g < kJackknifeGroups; ++g) {
    masks[g] = kWhole;
    for (int split = 0; split < kSplits; ++split) masks[g] |= bit(2 * split + half_of(split, g));
  }
  return masks;
}

bool inside(double squared_distance, double squared_radius, Rim rim) {
  return rim == Rim::closed ? squared_distance <= squared_radius : squared_distance < squared_radius;
}

/// What the pass over all pairs collects. Every entry is a count or a union, so the order of tiles doesn't matter.
struct Cover {
  std::vector<std::uint32_t> balls;    ///< [generated] real balls that it is inside
  std::vector<HalfMask> has_sample;    ///< [real] a generated sample is inside its ball
  std::vector<HalfMask> is_in_a_ball;  ///< [real] it is inside a generated sample's ball
};

/// Beyond its reach a row's balls certainly hold nothing, and within its core certainly everything, whatever the half.
struct Limits {
  Limits(const HalfRadii& radii, const Frame& frame, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      double largest = radii.whole(i);
      for (int split = 0; split < kSplits; ++split) largest = std::max(largest, radii.in_half(i, split));
      reach.push_back(frame.half(largest));
      core.push_back(frame.half_below(radii.whole(i)));  // a half's radii are larger
    }
  }
  std::vector<float> reach, core;
};

class Pass {
 public:
  Pass(const FeatureView& real, const FeatureView& generated, std::span<const std::uint64_t> ids, Rim rim,
       const HalfRadii& real_radii, const HalfRadii& generated_radii)
      : real_(real),
        generated_(generated),
        ids_(ids),
        rim_(rim),
        frame_(common_frame(real, generated)),
        x_(real, frame_),
        y_(generated, frame_),
        real_radii_(real_radii),
        generated_radii_(generated_radii),
        real_limits_(real_radii, frame_, real.n),
        generated_limits_(generated_radii, frame_, generated.n) {}

  Cover run() {
    Cover cover{std::vector<std::uint32_t>(generated_.n), std::vector<HalfMask>(real_.n), std::vector<HalfMask>(real_.n)};
    for_each_tile(x_, y_, [&](RowRange rows, RowRange columns, const std::vector<float>& dot) {
      for (std::size_t i = rows.begin; i < rows.end; ++i) {
        const float own = real_limits_.reach[i];
        const float* theirs = generated_limits_.reach.data();
        scan_row(
            y_, columns, dot.data() + (i - rows.begin) * columns.size(), x_.lower[i],
            [own, theirs](std::size_t j) { return std::max(own, theirs[j]); },
            [&](std::size_t j, float bound) { judge(i, j, bound, cover); });
      }
    });
    return cover;
  }

 private:
  HalfMask mask_of(std::size_t j) const { return ids_.empty() ? kWhole : masks_[jackknife_group(ids_[j])]; }

  void judge(std::size_t i, std::size_t j, float bound, Cover& cover) const {
    const float upper = bound + x_.spread[i] + y_.spread[j];
    double squared = -1;
    const auto within = [&](double squared_radius) {
      if (squared < 0) squared = squared_distance(real_.row(i), generated_.row(j));
      return inside(squared, squared_radius, rim_);
    };
    /// Those of the open bits whose ball of row r holds the other.
    const auto holds = [&](const HalfRadii& radii, std::size_t r, bool certainly, HalfMask open) {
      if (certainly) return open;
      HalfMask found = 0;
      for (HalfMask left = open; left != 0; left &= left - 1) {
        const int place = std::countr_zero(left);
        if (within(bit(place) == kWhole ? radii.whole(r) : radii.in_half(r, place / 2))) found |= bit(place);
      }
      return found;
    };
    if (bound <= real_limits_.reach[i]) {
      const HalfMask open = mask_of(j) & (kWhole | ~load(cover.has_sample[i]));  // every ball counts for density
      const HalfMask found = holds(real_radii_, i, upper < real_limits_.core[i], open);
      if ((found & kWhole) != 0) std::atomic_ref(cover.balls[j]).fetch_add(1, std::memory_order_relaxed);
      add(cover.has_sample[i], found);
    }
    if (bound <= generated_limits_.reach[j]) {
      const HalfMask open = mask_of(j) & ~load(cover.is_in_a_ball[i]);
      add(cover.is_in_a_ball[i], holds(generated_radii_, j, upper < generated_limits_.core[j], open));
    }
  }

  static HalfMask load(HalfMask& mask) { return std::atomic_ref(mask).load(std::memory_order_relaxed); }
  static void add(HalfMask& mask, HalfMask found) {
    if (found != 0) std::atomic_ref(mask).fetch_or(found, std::memory_order_relaxed);
  }

  FeatureView real_, generated_;
  std::span<const std::uint64_t> ids_;
  Rim rim_;
  Frame frame_;
  FramedRows x_, y_;
  const HalfRadii &real_radii_, &generated_radii_;
  Limits real_limits_, generated_limits_;
  std::array<HalfMask, kJackknifeGroups> masks_ = masks_by_group();
};

double share_of_whole(const std::vector<HalfMask>& masks) {
  const auto count = std::count_if(masks.begin(), masks.end(), [](HalfMask mask) { return (mask & kWhole) != 0; });
  return static_cast<double>(count) / static_cast<double>(masks.size());
}

/// The share of one half of the real samples that the first half of the generated ones reaches, less the second's.
double half_difference(const std::vector<HalfMask>& masks, int split, int real_half) {
  std::int64_t first = 0, second = 0, n = 0;
  for (std::size_t i = 0; i < masks.size(); ++i) {
    if (half_of(split, jackknife_group(i)) != real_half) continue;
    ++n;
    first += (masks[i] & bit(2 * split)) != 0 ? 1 : 0;
    second += (masks[i] & bit(2 * split + 1)) != 0 ? 1 : 0;
  }
  return static_cast<double>(first) / static_cast<double>(n) - static_cast<double>(second) / static_cast<double>(n);
}

ManifoldMetric share_of(const std::vector<HalfMask>& masks, bool intervals) {
  ManifoldMetric metric{share_of_whole(masks), {}, {}};
  if (!intervals) return metric;
  for (int split = 0; split < kSplits; ++split)
    for (const int real_half : {0, 1}) metric.half_differences.push_back(half_difference(masks, split, real_half));
  return metric;
}

/// Stands for a group of the jackknife where none is left out.
constexpr int kNoGroup = kJackknifeGroups;

struct BallCounts {
  std::uint64_t samples = 0, inside_any = 0, balls = 0;
};

BallCounts count_balls(const std::vector<std::uint32_t>& balls, std::span<const std::uint64_t> ids, int left_out) {
  BallCounts counts;
  for (std::size_t j = 0; j < balls.size(); ++j) {
    if (!ids.empty() && jackknife_group(ids[j]) == left_out) continue;
    ++counts.samples;
    counts.inside_any += balls[j] > 0 ? 1 : 0;
    counts.balls += balls[j];
  }
  return counts;
}

double precision_of(const BallCounts& counts) {
  return static_cast<double>(counts.inside_any) / static_cast<double>(counts.samples);
}

double density_of(const BallCounts& counts, std::uint32_t k) {
  return static_cast<double>(counts.balls) / (static_cast<double>(k) * static_cast<double>(counts.samples));
}

void check_sets(const FeatureView& real, const FeatureView& generated, std::uint32_t k) {
  if (real.d != generated.d) {
    fail(ErrorCode::shape, "precision and recall: features of width {} and {}, expected equal widths", real.d, generated.d);
  }
  expect_finite_rows(real, "precision and recall, real set");
  expect_finite_rows(generated, "precision and recall, generated set");
  if (k == 0 || std::min(real.n, generated.n) < k + std::size_t{1}) {
    fail(ErrorCode::domain, "precision and recall: k = {} with {} real and {} generated rows, expected 1 <= k and k + 1 rows", k,
         real.n, generated.n);
  }
}

void check_ids(std::size_t n, std::span<const std::uint64_t> ids) {
  if (ids.size() != n) fail(ErrorCode::shape, "precision and recall: {} ids for {} generated rows", ids.size(), n);
  expect_every_group(jackknife_group_sizes(ids), "precision and recall");
}

std::uint64_t count_zeros(const HalfRadii& radii, std::size_t n) {
  std::uint64_t zeros = 0;
  for (std::size_t i = 0; i < n; ++i) zeros += radii.whole(i) == 0 ? 1 : 0;
  return zeros;
}

}  // namespace

Interval ManifoldMetric::interval() const {
  return half_differences.empty() ? jackknife_interval(value, leave_one_out) : half_sample_interval(value, half_differences);
}

ManifoldMetrics manifold_metrics(const FeatureView& real, const FeatureView& generated, std::span<const std::uint64_t> ids,
                                 const ManifoldOptions& options) {
  check_sets(real, generated, options.k);
  const bool intervals = !ids.empty();
  if (intervals) check_ids(generated.n, ids);
  const HalfRadii generated_radii = half_radii(generated, ids, options.k);
  const HalfRadii real_radii = half_radii(real, consecutive_ids(intervals ? real.n : 0), options.k);
  const Cover cover = Pass(real, generated, ids, options.rim, real_radii, generated_radii).run();
  ManifoldMetrics metrics;
  metrics.recall = share_of(cover.is_in_a_ball, intervals);
  metrics.coverage = share_of(cover.has_sample, intervals);
  const auto add = [](ManifoldMetric& metric, int group, double value) {
    group == kNoGroup ? metric.value = value : metric.leave_one_out.emplace_back(value);
  };
  for (int g = intervals ? 0 : kNoGroup; g <= kNoGroup; ++g) {
    const BallCounts counts = count_balls(cover.balls, ids, g);
    add(metrics.precision, g, precision_of(counts));
    add(metrics.density, g, density_of(counts, options.k));
  }
  metrics.zero_radii_real = count_zeros(real_radii, real.n);
  metrics.zero_radii_generated = count_zeros(generated_radii, generated.n);
  metrics.recomputed_rows = generated_radii.recomputed_rows + real_radii.recomputed_rows;
  return metrics;
}

}  // namespace alea
