#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/gaussian_moments.h"

namespace alea {

/// Memory that the tiles of a distance matrix may take, beside the features themselves.
inline constexpr std::size_t kNeighbourTileBytes = std::size_t{256} << 20;

/// Error{domain} naming the first rows that hold NaN or infinity (the peers lower their scores in silence).
void expect_finite_rows(const FeatureView& features, const char* what);

/// The nearest others of each row of a set, by tiles of one matrix product; squared Euclidean distances in float from centred
/// rows, those that decide a rank recomputed exactly in double.
struct NeighbourTable {
  std::size_t n = 0, kept = 0;
  std::vector<std::uint32_t> index;      ///< [n, kept] ascending by distance, ties by index; a row itself is not among them
  std::vector<double> squared_distance;  ///< [n, kept], exact to double rounding
};
/// `kept` = k + spare neighbours a row (the jackknife leaves neighbours out). Error{domain} for n < kept + 1 or rows that aren't
/// finite. Equal bits for any number of threads.
NeighbourTable nearest_neighbours(const FeatureView& features, std::size_t kept);

}  // namespace alea
