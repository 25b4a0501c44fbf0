#include "metrics/precision_recall.h"

#include <algorithm>
#include <atomic>
#include <bit>

#include "core/error.h"
#include "metrics/distance_tiles.h"
#include "metrics/group_radii.h"
#include "metrics/neighbours.h"

namespace alea {
namespace {

using Rim = ManifoldOptions::Rim;
/// Bit g: true with group g left out; bit kNoGroup: true of the whole set.
using GroupMask = std::uint64_t;

constexpr GroupMask bit(int group) { return GroupMask{1} << group; }
constexpr GroupMask kAllMasks = bit(kNoGroup + 1) - 1;

bool inside(double squared_distance, double squared_radius, Rim rim) {
  return rim == Rim::closed ? squared_distance <= squared_radius : squared_distance < squared_radius;
}

/// What the pass over all pairs collects. Every entry is a count or a union, so the order of tiles doesn't matter.
struct Cover {
  std::vector<std::uint32_t> balls;     ///< [generated] real balls that it is inside
  std::vector<GroupMask> has_sample;    ///< [real] a generated sample is inside its ball
  std::vector<GroupMask> is_in_a_ball;  ///< [real] it is inside a generated sample's ball
};

class Pass {
 public:
  Pass(const FeatureView& real, const FeatureView& generated, std::span<const std::uint64_t> ids, Rim rim,
       const std::vector<double>& real_radii, const GroupRadii& generated_radii)
      : real_(real),
        generated_(generated),
        ids_(ids),
        rim_(rim),
        frame_(common_frame(real, generated)),
        x_(real, frame_),
        y_(generated, frame_),
        real_radii_(real_radii),
        generated_radii_(generated_radii) {
    for (const double squared : real_radii) {
      real_reach_.push_back(frame_.half(squared));
      real_core_.push_back(frame_.half_below(squared));
    }
    for (std::size_t j = 0; j < generated.n; ++j) {
      double largest = 0;
      for (int g = 0; g <= kNoGroup; ++g) largest = std::max(largest, g == group_of(j) ? 0 : generated_radii.without(j, g));
      generated_reach_.push_back(frame_.half(largest));
      generated_core_.push_back(frame_.half_below(generated_radii.whole(j)));
    }
  }

  Cover run() {
    Cover cover{std::vector<std::uint32_t>(generated_.n), std::vector<GroupMask>(real_.n), std::vector<GroupMask>(real_.n)};
    for_each_tile(x_, y_, [&](RowRange rows, RowRange columns, const std::vector<float>& dot) {
      for (std::size_t i = rows.begin; i < rows.end; ++i) {
        const float own = real_reach_[i];
        const float* theirs = generated_reach_.data();
        scan_row(
            y_, columns, dot.data() + (i - rows.begin) * columns.size(), x_.lower[i],
            [own, theirs](std::size_t j) { return std::max(own, theirs[j]); },
            [&](std::size_t j, float bound) { judge(i, j, bound, cover); });
      }
    });
    return cover;
  }

 private:
  int group_of(std::size_t j) const { return ids_.empty() ? kNoGroup + 1 : jackknife_group(ids_[j]); }

  void judge(std::size_t i, std::size_t j, float bound, Cover& cover) const {
    const GroupMask without_j = kAllMasks & ~bit(group_of(j));
    const float upper = bound + x_.spread[i] + y_.spread[j];
    double squared = -1;
    const auto within = [&](double squared_radius) {
      if (squared < 0) squared = squared_distance(real_.row(i), generated_.row(j));
      return inside(squared, squared_radius, rim_);
    };
    if (bound <= real_reach_[i] && (upper < real_core_[i] || within(real_radii_[i]))) {
      std::atomic_ref(cover.balls[j]).fetch_add(1, std::memory_order_relaxed);
      std::atomic_ref(cover.has_sample[i]).fetch_or(without_j, std::memory_order_relaxed);
    }
    if (bound > generated_reach_[j]) return;
    const GroupMask open = without_j & ~std::atomic_ref(cover.is_in_a_ball[i]).load(std::memory_order_relaxed);
    GroupMask found = upper < generated_core_[j] ? open : 0;
    for (GroupMask left = open & ~found; left != 0; left &= left - 1) {
      const int g = std::countr_zero(left);
      if (within(generated_radii_.without(j, g))) found |= bit(g);
    }
    if (found != 0) std::atomic_ref(cover.is_in_a_ball[i]).fetch_or(found, std::memory_order_relaxed);
  }

  FeatureView real_, generated_;
  std::span<const std::uint64_t> ids_;
  Rim rim_;
  Frame frame_;
  FramedRows x_, y_;
  const std::vector<double>& real_radii_;
  const GroupRadii& generated_radii_;
  std::vector<float> real_reach_, generated_reach_;  ///< beyond it a point is certainly outside,
  std::vector<float> real_core_, generated_core_;    ///< and within it certainly inside, whatever group is left out
};

/// Share of the real samples whose mask holds the group.
double share(const std::vector<GroupMask>& masks, int group) {
  const auto count = std::count_if(masks.begin(), masks.end(), [&](GroupMask mask) { return (mask & bit(group)) != 0; });
  return static_cast<double>(count) / static_cast<double>(masks.size());
}

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

}  // namespace

ManifoldMetrics manifold_metrics(const FeatureView& real, const FeatureView& generated, std::span<const std::uint64_t> ids,
                                 const ManifoldOptions& options) {
  check_sets(real, generated, options.k);
  const GroupRadii generated_radii = group_radii(generated, ids, options.k);
  std::vector<double> real_radii;
  {
    const NeighbourTable table = nearest_neighbours(real, options.k);
    for (std::size_t i = 0; i < real.n; ++i) real_radii.push_back(table.squared_distance[(i + 1) * options.k - 1]);
  }
  const Cover cover = Pass(real, generated, ids, options.rim, real_radii, generated_radii).run();
  ManifoldMetrics metrics;
  const auto add = [](ManifoldMetric& metric, int group, double value) {
    group == kNoGroup ? metric.value = value : metric.leave_one_out.emplace_back(value);
  };
  for (int g = ids.empty() ? kNoGroup : 0; g <= kNoGroup; ++g) {
    const BallCounts counts = count_balls(cover.balls, ids, g);
    add(metrics.precision, g, precision_of(counts));
    add(metrics.recall, g, share(cover.is_in_a_ball, g));
    add(metrics.density, g, density_of(counts, options.k));
    add(metrics.coverage, g, share(cover.has_sample, g));
  }
  metrics.zero_radii_real = static_cast<std::uint64_t>(std::count(real_radii.begin(), real_radii.end(), 0.0));
  for (std::size_t j = 0; j < generated.n; ++j) metrics.zero_radii_generated += generated_radii.whole(j) == 0 ? 1 : 0;
  metrics.recomputed_rows = generated_radii.recomputed_rows;
  return metrics;
}

}  // namespace alea
