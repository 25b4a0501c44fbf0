#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/gaussian_moments.h"
#include "metrics/jackknife.h"

namespace alea {

/// Last index of the radii below: no group is left out.
inline constexpr int kNoGroup = kJackknifeGroups;

/// Squared distances to the k-th neighbour in the whole set and, where ids are given, in the set without each group.
struct GroupRadii {
  std::vector<double> squared;  ///< [n, kJackknifeGroups + 1], by the group left out
  std::uint64_t recomputed_rows = 0;
  double whole(std::size_t i) const { return without(i, kNoGroup); }
  double without(std::size_t i, int group) const { return squared[i * (kJackknifeGroups + 1) + static_cast<std::size_t>(group)]; }
};

/// From the k + 16 nearest of each row. Where fewer than k of them are in no group g, the row's distances to all rows are
/// computed. ids empty: the radius of the whole set stands in every place. Error{domain} when fewer than k+1 rows are left
/// without a group, or a group has no id; Error{shape} for another number of ids.
GroupRadii group_radii(const FeatureView& features, std::span<const std::uint64_t> ids, std::uint32_t k);

}  // namespace alea
