#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/gaussian_moments.h"
#include "metrics/half_samples.h"

namespace alea {

/// Squared distances of each row to its k-th neighbour in the whole set and, where ids are given, in its own half of each split.
struct HalfRadii {
  std::vector<double> squared;  ///< [n, kSplits + 1], the whole set's last
  std::uint64_t recomputed_rows = 0;
  double whole(std::size_t i) const { return squared[i * (kSplits + 1) + kSplits]; }
  double in_half(std::size_t i, int split) const { return squared[i * (kSplits + 1) + static_cast<std::size_t>(split)]; }
};

/// From the 2 k + 24 nearest of each row. Where fewer than k of them are in one of its halves, the row's distances to all rows
/// are computed. ids empty: the radius of the whole set stands in every place. Error{domain} when a half has fewer than k+1
/// rows; Error{shape} for another number of ids.
HalfRadii half_radii(const FeatureView& features, std::span<const std::uint64_t> ids, std::uint32_t k);

}  // namespace alea
