#include "metrics/subset_manifold.h"

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>

#include "core/error.h"
#include "core/ids.h"
#include "metrics/class_selection.h"

namespace alea {
namespace {

constexpr double kNone = std::numeric_limits<double>::infinity();
constexpr int kNoSplit = -1;

/// So many of each sample's neighbours that fewer than k of them in half of a random subset is a matter of 1e-8.
std::size_t neighbours_listed(std::uint32_t k, std::size_t n, std::size_t keep) {
  constexpr std::size_t kMost = 1024;
  return std::min(kMost, ((2 * std::size_t{k} + 34) * n + keep - 1) / keep);
}

std::size_t smallest_kept_half(const GroupSizes& sizes, std::size_t n, std::size_t keep) {
  const std::size_t half = smallest_half(sizes);
  return std::min(half, reduced_keep(keep, n, half));
}

std::vector<std::uint8_t> groups_of(std::span<const std::uint64_t> ids) {
  std::vector<std::uint8_t> groups(ids.size());
  std::transform(ids.begin(), ids.end(), groups.begin(), [](std::uint64_t id) { return jackknife_group(id); });
  return groups;
}

template <class Flags>
double share_of_half(const Flags& flags, int split, int real_half) {
  std::int64_t found = 0, n = 0;
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (half_of(split, jackknife_group(i)) != real_half) continue;
    ++n;
    found += flags[i] != 0 ? 1 : 0;
  }
  return static_cast<double>(found) / static_cast<double>(n);
}

double share(const std::vector<std::uint8_t>& flags) {
  return static_cast<double>(std::count(flags.begin(), flags.end(), 1)) / static_cast<double>(flags.size());
}

constexpr std::array kParts = {&ManifoldMetrics::precision, &ManifoldMetrics::recall, &ManifoldMetrics::density,
                               &ManifoldMetrics::coverage};

void add_share(std::vector<double>& sums, const std::vector<double>& values, double count) {
  sums.resize(values.size(), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += values[i] / count;
}

ManifoldMetrics mean_over(const std::vector<ManifoldMetrics>& subsets) {
  ManifoldMetrics mean;
  const auto count = static_cast<double>(subsets.size());
  for (const ManifoldMetrics& subset : subsets) {
    for (const auto part : kParts) {
      (mean.*part).value += (subset.*part).value / count;
      add_share((mean.*part).leave_one_out, (subset.*part).leave_one_out, count);
      add_share((mean.*part).half_differences, (subset.*part).half_differences, count);
    }
    mean.recomputed_rows += subset.recomputed_rows;
  }
  mean.zero_radii_real = subsets.front().zero_radii_real;
  return mean;
}

}  // namespace

/// A subset of the pool, and how far its own balls reach.
struct SubsetManifold::Selection {
  std::vector<std::uint8_t> member;    ///< [n]
  std::vector<std::uint32_t> ranks;    ///< [n] place of the k-th nearest member among a member's listed neighbours; 0: no member
  std::vector<std::uint32_t> run_out;  ///< members of which the list has fewer than k
};

/// What a subset says of each real row.
struct SubsetManifold::Reached {
  std::vector<std::uint8_t> recalled;  ///< [m]
  std::vector<double> nearest;         ///< [m] squared distance of the nearest member, where it is near enough to matter
};

SubsetManifold::SubsetManifold(const FeatureView& real, const FeatureView& pool, std::span<const std::uint64_t> ids,
                               std::size_t keep, const ManifoldOptions& options)
    : ids_(ids.begin(), ids.end()),
      groups_(groups_of(ids)),
      group_sizes_(jackknife_group_sizes(ids)),
      lists_(real, pool, options, neighbours_listed(options.k, pool.n, std::max<std::size_t>(keep, 1))) {
  if (ids.size() != pool.n) fail(ErrorCode::shape, "precision and recall: {} ids for {} generated rows", ids.size(), pool.n);
  expect_every_group(group_sizes_, "precision and recall");
  if (const std::string why = why_no_manifold(ids, keep, real.n, options.k); !why.empty())
    fail(ErrorCode::domain, "precision and recall: {}", why);
}

std::string why_no_manifold(std::span<const std::uint64_t> ids, std::size_t keep, std::size_t n_real, std::uint32_t k) {
  if (keep > ids.size()) return fmt::format("{} to be kept of {}", keep, ids.size());
  const std::size_t kept = smallest_kept_half(jackknife_group_sizes(ids), ids.size(), keep);
  const std::size_t real = smallest_half(jackknife_group_sizes(consecutive_ids(n_real)));
  if (std::min(kept, real) > k) return "";
  return fmt::format("{} kept and {} real samples in a half of the groups, expected at least k + 1 = {}", kept, real, k + 1);
}

SubsetManifold::Selection SubsetManifold::select(std::span<const std::uint32_t> ranking, std::size_t keep, int split,
                                                 int half) const {
  const NeighbourTable& near = lists_.neighbours();
  Selection out{std::vector<std::uint8_t>(ranking.size(), 0), std::vector<std::uint32_t>(ranking.size(), 0), {}};
  std::size_t left = ranking.size();
  if (split != kNoSplit) {
    left = 0;
    for (int g = 0; g < kJackknifeGroups; ++g) left += half_of(split, g) == half ? group_sizes_[g] : 0;
  }
  std::size_t missing = reduced_keep(keep, ranking.size(), left);
  for (std::size_t at = 0; missing > 0; ++at) {
    if (split != kNoSplit && half_of(split, groups_[ranking[at]]) != half) continue;
    out.member[ranking[at]] = 1;
    --missing;
  }
  for (std::uint32_t j = 0; j < ranking.size(); ++j) {
    if (out.member[j] == 0) continue;
    std::uint32_t members = 0, rank = 0;
    while (members < lists_.options().k && rank < near.kept) members += out.member[near.index[j * near.kept + rank++]];
    out.ranks[j] = rank;
    if (members < lists_.options().k) out.run_out.push_back(j);
  }
  return out;
}

void SubsetManifold::reach_from_run_out(std::size_t j, const Selection& selection, std::vector<std::uint8_t>& recalled) const {
  const auto use = [&](const LongRow& row) {
    std::uint32_t members = 0;
    for (const RealRow::Near& near : row.neighbours) {
      members += selection.member[near.sample];
      if (members < lists_.options().k) continue;
      for (const RealRow::Near& real : row.real) {
        if (!lists_.inside(real.squared_distance, near.squared_distance)) break;
        recalled[real.sample] = 1;
      }
      return true;
    }
    return false;
  };
  if (!use(lists_.long_row(j))) use(lists_.longest_row(j));
}

SubsetManifold::Reached SubsetManifold::reach(const Selection& selection) const {
  Reached out{std::vector<std::uint8_t>(lists_.n_real(), 0), std::vector<double>(lists_.n_real(), kNone)};
  const auto nearest = [&](const RealRow& row) {
    for (const RealRow::Near& near : row.nearest)
      if (selection.member[near.sample] != 0) return near.squared_distance;
    return kNone;
  };
  // A sample whose list ran out has a larger ball than its last neighbour's.
  const auto is_held = [&](const RealRow& row) {
    return std::ranges::any_of(row.holders, [&](const auto& holder) { return holder.rank <= selection.ranks[holder.sample]; });
  };
  for (std::size_t i = 0; i < lists_.n_real(); ++i) {
    const RealRow& row = lists_.row(i);
    out.nearest[i] = nearest(row);
    if (out.nearest[i] == kNone && row.nearest_cut) out.nearest[i] = nearest(lists_.full_row(i));
    out.recalled[i] = is_held(row) || (row.holders_cut && is_held(lists_.full_row(i))) ? 1 : 0;
  }
  for (const std::uint32_t j : selection.run_out) reach_from_run_out(j, selection, out.recalled);
  return out;
}

void SubsetManifold::add_ball_counts(std::span<const std::uint32_t> ranking, std::size_t keep, ManifoldMetrics& out) const {
  for (int left_out = 0; left_out <= kJackknifeGroups; ++left_out) {
    const bool whole = left_out == kJackknifeGroups;
    const std::size_t left = ranking.size() - (whole ? 0 : group_sizes_[left_out]);
    const std::size_t wanted = reduced_keep(keep, ranking.size(), left);
    std::uint64_t inside_any = 0, balls = 0;
    std::size_t taken = 0;
    for (std::size_t at = 0; taken < wanted; ++at) {
      if (groups_[ranking[at]] == left_out) continue;
      ++taken;
      inside_any += lists_.balls()[ranking[at]] > 0 ? 1 : 0;
      balls += lists_.balls()[ranking[at]];
    }
    const double precision = static_cast<double>(inside_any) / static_cast<double>(wanted);
    const double density = static_cast<double>(balls) / (static_cast<double>(lists_.options().k) * static_cast<double>(wanted));
    if (whole) {
      out.precision.value = precision;
      out.density.value = density;
    } else {
      out.precision.leave_one_out.push_back(precision);
      out.density.leave_one_out.push_back(density);
    }
  }
}

std::uint64_t SubsetManifold::add_halves(std::span<const std::uint32_t> ranking, std::size_t keep, ManifoldMetrics& out) const {
  std::uint64_t run_out = 0;
  const HalfRadii& radii = lists_.real_radii();
  for (int split = 0; split < kSplits; ++split) {
    std::array<std::array<double, 2>, 2> recall{}, coverage{};  // [half of the kept][half of the real]
    for (const int half : {0, 1}) {
      const Selection selection = select(ranking, keep, split, half);
      const Reached reached = reach(selection);
      run_out += selection.run_out.size();
      std::vector<std::uint8_t> covered(lists_.n_real());
      for (std::size_t i = 0; i < covered.size(); ++i) covered[i] = lists_.inside(reached.nearest[i], radii.in_half(i, split));
      for (const int real_half : {0, 1}) {
        recall[half][real_half] = share_of_half(reached.recalled, split, real_half);
        coverage[half][real_half] = share_of_half(covered, split, real_half);
      }
    }
    for (const int real_half : {0, 1}) {
      out.recall.half_differences.push_back(recall[0][real_half] - recall[1][real_half]);
      out.coverage.half_differences.push_back(coverage[0][real_half] - coverage[1][real_half]);
    }
  }
  return run_out;
}

std::uint64_t SubsetManifold::zero_radii_real() const {
  std::uint64_t zeros = 0;
  for (std::size_t i = 0; i < lists_.n_real(); ++i) zeros += lists_.real_radii().whole(i) == 0 ? 1 : 0;
  return zeros;
}

ManifoldMetrics SubsetManifold::kept(std::span<const double> scores, std::size_t keep, KeepSide side) const {
  if (scores.size() != lists_.n_pool())
    fail(ErrorCode::shape, "precision and recall: {} scores for {} samples", scores.size(), lists_.n_pool());
  const std::vector<std::uint32_t> ranking = rank_by_score(scores, side);
  ManifoldMetrics out;
  add_ball_counts(ranking, keep, out);
  const Selection selection = select(ranking, keep, kNoSplit, 0);
  const Reached reached = reach(selection);
  std::vector<std::uint8_t> covered(lists_.n_real());
  for (std::size_t i = 0; i < covered.size(); ++i) covered[i] = lists_.inside(reached.nearest[i], lists_.real_radii().whole(i));
  out.recall.value = share(reached.recalled);
  out.coverage.value = share(covered);
  out.recomputed_rows = selection.run_out.size() + add_halves(ranking, keep, out);
  const NeighbourTable& near = lists_.neighbours();
  for (std::size_t j = 0; j < selection.ranks.size(); ++j) {
    if (selection.ranks[j] == 0 || near.squared_distance[j * near.kept + selection.ranks[j] - 1] != 0) continue;
    if (!std::ranges::binary_search(selection.run_out, j)) ++out.zero_radii_generated;
  }
  out.zero_radii_real = zero_radii_real();
  return out;
}

RandomManifolds SubsetManifold::random(std::size_t keep, std::uint64_t seed, std::uint32_t draws,
                                       std::span<const std::uint64_t> classes) const {
  if (draws == 0) fail(ErrorCode::domain, "precision and recall: 0 random subsets, expected at least 1");
  std::vector<ManifoldMetrics> subsets(draws);
  tbb::parallel_for(std::uint32_t{0}, draws, [&](std::uint32_t draw) {
    const std::vector<double> scores = random_scores(ids_, seed, draw);
    subsets[draw] = kept(classes.empty() ? scores : class_places(scores, classes), keep, KeepSide::lowest);
  });
  RandomManifolds out{{}, {}, {}, {}, mean_over(subsets)};
  for (const ManifoldMetrics& subset : subsets) {
    out.precision.push_back(subset.precision.value);
    out.recall.push_back(subset.recall.value);
    out.density.push_back(subset.density.value);
    out.coverage.push_back(subset.coverage.value);
  }
  return out;
}

}  // namespace alea
