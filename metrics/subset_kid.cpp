#include "metrics/subset_kid.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "core/error.h"
#include "metrics/class_selection.h"
#include "metrics/kid.h"
#include "metrics/neighbours.h"

namespace alea {
namespace {

constexpr std::size_t kGroups = kJackknifeGroups;

GroupedRows grouped(const FeatureView& features, std::span<const std::uint64_t> ids, std::vector<std::uint32_t> rows) {
  const auto group = [&](std::uint32_t row) { return jackknife_group(ids[row]); };
  std::sort(rows.begin(), rows.end());
  std::stable_sort(rows.begin(), rows.end(), [&](auto a, auto b) { return group(a) < group(b); });
  GroupedRows out = one_group(features, std::move(rows));
  std::transform(out.rows.begin(), out.rows.end(), out.groups.begin(), group);
  return out;
}

/// Over unordered pairs of samples of which neither is in `left_out`.
double within_without(const KernelSums& sums, std::size_t left_out) {
  double total = 0;
  for (std::size_t a = 0; a < kGroups; ++a)
    for (std::size_t b = 0; b < kGroups; ++b)
      if (a != left_out && b != left_out) total += sums.at(a, b);
  return total;
}

}  // namespace

struct SubsetKid::Subset {
  GroupSizes sizes{};                       ///< of its groups
  KernelSums within;                        ///< unordered pairs, by groups
  std::array<double, kGroups> between{};    ///< with the real set, by group
  std::array<Movement, kGroups> movements;  ///< of the selections made again
  std::vector<std::uint32_t> moving;        ///< all of their rows, ascending
  std::vector<double> of_moving;            ///< [moving, kGroups] sums of their kernels with the subset's others
};

SubsetKid::SubsetKid(const FeatureView& real, const FeatureView& pool, std::span<const std::uint64_t> ids)
    : pool_(pool), ids_(ids.begin(), ids.end()), group_sizes_(jackknife_group_sizes(ids)), n_real_(static_cast<double>(real.n)) {
  if (real.d != pool.d) fail(ErrorCode::shape, "KID: features of width {} and {}, expected equal widths", real.d, pool.d);
  if (ids.size() != pool.n) fail(ErrorCode::shape, "KID: {} ids for {} generated rows", ids.size(), pool.n);
  expect_finite_rows(real, "KID, real set");
  expect_finite_rows(pool, "KID, generated set");
  if (real.n < 2) fail(ErrorCode::domain, "KID: {} real rows, expected at least 2", real.n);
  expect_every_group(group_sizes_, "KID");
  const GroupedRows x = all_rows(real), y = rows_by_group(pool, ids);
  within_real_ = kernel_sums(x, nullptr).total();
  const std::vector<double> own = kernel_row_sums(y, y, true), between = kernel_row_sums(y, x, false);
  by_group_.resize(pool.n * kGroups);
  with_real_.resize(pool.n);
  for (std::size_t at = 0; at < y.size(); ++at) {
    std::copy_n(own.begin() + static_cast<std::ptrdiff_t>(at * kGroups), kGroups,
                by_group_.begin() + static_cast<std::ptrdiff_t>(y.rows[at] * kGroups));
    with_real_[y.rows[at]] = between[at * kGroups];
  }
}

double SubsetKid::distance_of(double within, double between, std::size_t n) const {
  return unbiased_mmd(within_real_, n_real_, within, static_cast<double>(n), between);
}

SubsetKid::Subset SubsetKid::subset_of(std::span<const std::uint32_t> ranking, std::size_t keep) const {
  Subset out;
  std::array<double, kGroups * kGroups> ordered{};  // sums over ordered pairs of two groups of the subset
  for (std::size_t at = 0; at < ranking.size(); ++at) {
    const std::uint32_t row = ranking[at];
    const auto g = static_cast<std::size_t>(jackknife_group(ids_[row]));
    if (at < keep) {
      ++out.sizes[g];
      out.between[g] += with_real_[row];
    }
    // All pairs, less those of a sample that is left out with all, on either side: what that counts twice comes back below.
    for (std::size_t h = 0; h < kGroups; ++h) {
      const double sum = by_group_[row * kGroups + h];
      if (at < keep) {
        ordered[g * kGroups + h] += sum;
      } else {
        ordered[h * kGroups + g] -= sum;
      }
    }
  }
  const GroupedRows rest = grouped(pool_, ids_, {ranking.begin() + static_cast<std::ptrdiff_t>(keep), ranking.end()});
  const KernelSums of_rest = kernel_sums(rest, nullptr);
  for (std::size_t g = 0; g < kGroups; ++g)
    for (std::size_t h = g; h < kGroups; ++h) {
      const double both = g == h ? 2 * of_rest.at(g, g) : of_rest.at(g, h) + of_rest.at(h, g);
      out.within.at(g, h) = (ordered[g * kGroups + h] + both) / (g == h ? 2 : 1);
    }
  for (int g = 0; g < kJackknifeGroups; ++g) {
    out.movements[g] = move_without_group(ranking, ids_, keep, g, group_sizes_[g], out.sizes[g]);
    out.moving.insert(out.moving.end(), out.movements[g].rows.begin(), out.movements[g].rows.end());
  }
  std::sort(out.moving.begin(), out.moving.end());
  out.moving.erase(std::unique(out.moving.begin(), out.moving.end()), out.moving.end());
  out.of_moving = kernel_row_sums(one_group(pool_, out.moving), rest, true);
  for (std::size_t at = 0; at < out.moving.size(); ++at)
    for (std::size_t h = 0; h < kGroups; ++h) {
      double& sum = out.of_moving[at * kGroups + h];
      sum = by_group_[out.moving[at] * kGroups + h] - sum;
    }
  return out;
}

KernelDistance SubsetKid::kept(std::span<const double> scores, std::size_t keep, KeepSide side) const {
  if (scores.size() != pool_.n) fail(ErrorCode::shape, "KID: {} scores for {} samples", scores.size(), pool_.n);
  if (keep > pool_.n || keep < 2) fail(ErrorCode::domain, "KID: {} to be kept of {}, expected at least 2", keep, pool_.n);
  const Subset subset = subset_of(rank_by_score(scores, side), keep);
  const double between = std::accumulate(subset.between.begin(), subset.between.end(), 0.0);
  KernelDistance out;
  out.distance.value = distance_of(subset.within.total(), between, keep);
  for (std::size_t g = 0; g < kGroups; ++g) {
    const Movement& movement = subset.movements[g];
    const double sign = movement.enter ? 1 : -1;
    double within = within_without(subset.within, g), with_real = between - subset.between[g];
    for (const std::uint32_t row : movement.rows) {
      const auto at = std::lower_bound(subset.moving.begin(), subset.moving.end(), row) - subset.moving.begin();
      for (std::size_t h = 0; h < kGroups; ++h)
        if (h != g) within += sign * subset.of_moving[static_cast<std::size_t>(at) * kGroups + h];
      with_real += sign * with_real_[row];
    }
    // Those that enter meet each other; of those that leave, their own pairs were taken out twice.
    within += kernel_sums(one_group(pool_, movement.rows), nullptr).total();
    const std::size_t others = keep - subset.sizes[g];
    const std::size_t left = movement.enter ? others + movement.rows.size() : others - movement.rows.size();
    if (left < 2) fail(ErrorCode::domain, "KID: {} samples kept without jackknife group {}, expected at least 2", left, g);
    out.distance.leave_one_out.push_back(distance_of(within, with_real, left));
  }
  out.interval = kid_interval(out.distance.value, out.distance.leave_one_out, subset.within, subset.sizes);
  return out;
}

KernelDistance SubsetKid::random_within(std::span<const std::uint64_t> classes, std::size_t keep, std::uint64_t seed,
                                        std::uint32_t draws) const {
  if (draws == 0) fail(ErrorCode::domain, "KID: 0 random subsets, expected at least 1");
  SubsetDistance mean{0, std::vector<double>(kGroups, 0.0)};
  for (std::uint32_t draw = 0; draw < draws; ++draw) {
    const SubsetDistance one = kept(class_places(random_scores(ids_, seed, draw), classes), keep, KeepSide::lowest).distance;
    mean.value += one.value / draws;
    for (std::size_t g = 0; g < kGroups; ++g) mean.leave_one_out[g] += one.leave_one_out[g] / draws;
  }
  const Interval interval = jackknife_interval(mean.value, mean.leave_one_out);
  return {std::move(mean), interval};
}

KernelDistance SubsetKid::all() const { return kept(std::vector<double>(pool_.n, 0.0), pool_.n, KeepSide::lowest); }

}  // namespace alea
