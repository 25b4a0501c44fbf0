#include "metrics/half_radii.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "core/error.h"
#include "metrics/distance_tiles.h"
#include "metrics/neighbours.h"

namespace alea {
namespace {

constexpr std::size_t kRadii = kSplits + 1;

using Neighbour = std::pair<double, int>;  ///< squared distance, jackknife group

/// About half of the neighbours are on the other side: with these, fewer than k on a row's own side is a matter of 1e-5.
std::size_t neighbours_kept(std::uint32_t k) { return 2 * std::size_t{k} + 24; }

void check_halves(std::size_t n, std::span<const std::uint64_t> ids, std::uint32_t k) {
  if (ids.size() != n) fail(ErrorCode::shape, "precision and recall: {} ids for {} rows", ids.size(), n);
  const std::size_t smallest = smallest_half(jackknife_group_sizes(ids));
  if (smallest < k + std::size_t{1})
    fail(ErrorCode::domain, "precision and recall: {} of {} rows in a half of the groups, expected at least k + 1 = {}", smallest,
         n, k + 1);
}

/// The k-th of `ascending` on one side of a split; < 0 when there are fewer.
double kth_in_half(std::span<const Neighbour> ascending, std::uint32_t k, int split, int half) {
  for (const auto& [distance, group] : ascending) {
    if (half_of(split, group) == half && --k == 0) return distance;
  }
  return -1;
}

std::vector<Neighbour> all_neighbours(const FeatureView& features, std::span<const std::uint64_t> ids, std::size_t i) {
  std::vector<Neighbour> all;
  for (std::size_t j = 0; j < features.n; ++j) {
    if (j != i) all.emplace_back(squared_distance(features.row(i), features.row(j)), jackknife_group(ids[j]));
  }
  std::sort(all.begin(), all.end());
  return all;
}

/// False where the neighbours run out.
bool fill_radii(std::span<const Neighbour> ascending, std::uint32_t k, int own, std::span<double> radii) {
  radii[kSplits] = ascending[k - 1].first;
  bool complete = true;
  for (int split = 0; split < kSplits; ++split) {
    radii[split] = kth_in_half(ascending, k, split, half_of(split, own));
    complete = complete && radii[split] >= 0;
  }
  return complete;
}

HalfRadii radii_of_whole(const FeatureView& features, std::uint32_t k) {
  const NeighbourTable table = nearest_neighbours(features, k);
  HalfRadii radii;
  for (std::size_t i = 0; i < features.n; ++i)
    radii.squared.insert(radii.squared.end(), kRadii, table.squared_distance[i * k + k - 1]);
  return radii;
}

}  // namespace

HalfRadii half_radii(const FeatureView& features, std::span<const std::uint64_t> ids, std::uint32_t k) {
  if (ids.empty()) return radii_of_whole(features, k);
  check_halves(features.n, ids, k);
  const NeighbourTable table = nearest_neighbours(features, std::min(neighbours_kept(k), features.n - 1));
  HalfRadii result{std::vector<double>(features.n * kRadii), 0};
  std::atomic<std::uint64_t> recomputed = 0;
  tbb::parallel_for(std::size_t{0}, features.n, [&](std::size_t i) {
    std::vector<Neighbour> near;
    for (std::size_t at = i * table.kept; at < (i + 1) * table.kept; ++at) {
      near.emplace_back(table.squared_distance[at], jackknife_group(ids[table.index[at]]));
    }
    const std::span radii(result.squared.data() + i * kRadii, kRadii);
    const int own = jackknife_group(ids[i]);
    if (fill_radii(near, k, own, radii)) return;
    fill_radii(all_neighbours(features, ids, i), k, own, radii);
    ++recomputed;
  });
  result.recomputed_rows = recomputed;
  return result;
}

}  // namespace alea
