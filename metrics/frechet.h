#pragma once

#include <cstddef>
#include <vector>

#include "metrics/gaussian_moments.h"

namespace alea {

/// Frechet (2-Wasserstein) distance squared of two Gaussians (Dowson & Landau 1982; FID: arXiv:1706.08500 eq. 6):
/// |mu1-mu2|^2 + tr(S1) + tr(S2) - 2 tr((S1 S2)^1/2). The trace term is the sum of square roots of the eigenvalues of
/// F S F^T, where S_ref = F^T F (symmetric, so no complex parts and no added epsilon; tiny negative eigenvalues are clamped
/// to 0). Where n says that a covariance has rank n-1 < d, no more than n-1 eigenvalues count: the rest is rounding.
/// The reference's root F is taken once, so that jackknife and subsets cost one eigenvalue problem each.
class FrechetReference {
 public:
  /// Error{shape} when the covariance isn't [d, d], Error{domain} when something isn't finite or n is 1.
  explicit FrechetReference(Gaussian reference);
  /// In squared feature units, >= 0 up to rounding. Error{shape} when the widths differ, Error{domain} as above.
  /// Equal bits for any number of threads; may be called from several at once.
  double distance(const Gaussian& other) const;
  const Gaussian& gaussian() const { return reference_; }

 private:
  Gaussian reference_;
  std::size_t rank_ = 0;
  std::vector<double> root_;  ///< F: [rank, d], F^T F = S_ref
};

double frechet_distance(const Gaussian& a, const Gaussian& b);

}  // namespace alea
