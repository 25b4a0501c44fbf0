#include "metrics/group_radii.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "core/error.h"
#include "metrics/distance_tiles.h"
#include "metrics/neighbours.h"

namespace alea {
namespace {

constexpr std::size_t kSpare = 16;

using Neighbour = std::pair<double, int>;  ///< squared distance, jackknife group

void check_groups(std::size_t n, std::span<const std::uint64_t> ids, std::uint32_t k) {
  if (ids.size() != n) fail(ErrorCode::shape, "precision and recall: {} ids for {} generated rows", ids.size(), n);
  const GroupSizes sizes = jackknife_group_sizes(ids);
  expect_every_group(sizes, "precision and recall");
  for (int g = 0; g < kJackknifeGroups; ++g) {
    if (n - sizes[g] < k + std::size_t{1}) {
      fail(ErrorCode::domain, "precision and recall: {} generated rows without jackknife group {}, expected at least k + 1 = {}",
           n - sizes[g], g, k + 1);
    }
  }
}

/// The k-th of `ascending` that isn't in group; < 0 when there are fewer.
double kth_without(std::span<const Neighbour> ascending, std::uint32_t k, int group) {
  for (const auto& [distance, of] : ascending) {
    if (of != group && --k == 0) return distance;
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

/// Radii of a row by the group left out; its own goes with the row, so the whole set's stands there. False where the neighbours
/// run out.
bool fill_radii(std::span<const Neighbour> ascending, std::uint32_t k, int own, std::span<double> radii) {
  bool complete = true;
  for (int g = 0; g <= kNoGroup; ++g) {
    radii[g] = kth_without(ascending, k, g == own ? kNoGroup : g);
    complete = complete && radii[g] >= 0;
  }
  return complete;
}

GroupRadii radii_of_whole(const FeatureView& features, std::uint32_t k) {
  const NeighbourTable table = nearest_neighbours(features, k);
  GroupRadii radii;
  for (std::size_t i = 0; i < features.n; ++i) {
    radii.squared.insert(radii.squared.end(), kJackknifeGroups + 1, table.squared_distance[i * k + k - 1]);
  }
  return radii;
}

}  // namespace

GroupRadii group_radii(const FeatureView& features, std::span<const std::uint64_t> ids, std::uint32_t k) {
  if (ids.empty()) return radii_of_whole(features, k);
  check_groups(features.n, ids, k);
  const NeighbourTable table = nearest_neighbours(features, std::min(k + kSpare, features.n - 1));
  GroupRadii result{std::vector<double>(features.n * (kJackknifeGroups + 1)), 0};
  std::atomic<std::uint64_t> recomputed = 0;
  tbb::parallel_for(std::size_t{0}, features.n, [&](std::size_t i) {
    std::vector<Neighbour> near;
    for (std::size_t at = i * table.kept; at < (i + 1) * table.kept; ++at) {
      near.emplace_back(table.squared_distance[at], jackknife_group(ids[table.index[at]]));
    }
    const std::span radii(result.squared.data() + i * (kJackknifeGroups + 1), kJackknifeGroups + 1);
    const int own = jackknife_group(ids[i]);
    if (fill_radii(near, k, own, radii)) return;
    fill_radii(all_neighbours(features, ids, i), k, own, radii);
    ++recomputed;
  });
  result.recomputed_rows = recomputed;
  return result;
}

}  // namespace alea
