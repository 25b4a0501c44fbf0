#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "metrics/gaussian_moments.h"

namespace alea {

/// Error{shape} when the numbers aren't n x d, d is 0 or n doesn't fit 32 bits; Error{domain} naming the first rows that hold NaN
/// or infinity (the peers lower their scores in silence).
void expect_finite_rows(const FeatureView& features, const char* what);

/// The nearest others of each row of a set. Distances are squared Euclidean ones in double (squared_distance); tiles of float
/// products with rigorous bounds only say which of them need to be computed, so that ranks are those of a search over all pairs.
struct NeighbourTable {
  std::size_t n = 0, kept = 0;
  std::vector<std::uint32_t> index;      ///< [n, kept] ascending by distance, ties by index; a row itself is not among them
  std::vector<double> squared_distance;  ///< [n, kept]
};
/// `kept` = k + spare neighbours a row (the jackknife leaves neighbours out). Error{domain} for kept = 0, n < kept + 1 or rows
/// that aren't finite. Beside the table it takes 4 n d bytes and 16 (kept + 16) n. Equal bits for any number of threads.
NeighbourTable nearest_neighbours(const FeatureView& features, std::size_t kept);

}  // namespace alea
