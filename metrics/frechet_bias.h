#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/frechet.h"

namespace alea {

/// c of E[FD_n] - FD = c/n, for n samples of a Gaussian with this covariance against itself known exactly: tr S + 1/2 (sum_ij
/// l_i l_j/(l_i+l_j) + sum_i l_i/2) over the eigenvalues l of S. Second order in the Bures metric; Gaussian features assumed, so
/// it is a guide (within 1% at n >= 20,000, d = 2048), not a correction. [d, d] row-major;
/// Error{shape} when it isn't, Error{domain} when a number isn't finite.
double frechet_bias_coefficient(std::span<const double> covariance, std::size_t d);

/// FID-infinity (Chong & Forsyth 2020, arXiv:1911.07023): the intercept at 1/N = 0 of a least-squares line through the distances
/// of `points` seeded random subsets of evenly spaced sizes from `smallest` (0 = max(n/10, 2), at most 5000) to n.
struct FrechetInfinity {
  double intercept = 0, slope = 0;
  std::vector<std::uint64_t> sizes;
  std::vector<double> distances;
};
FrechetInfinity frechet_infinity(const FeatureView& features, const FrechetReference& reference, std::uint64_t seed,
                                 std::uint32_t points = 15, std::uint64_t smallest = 0);

}  // namespace alea
