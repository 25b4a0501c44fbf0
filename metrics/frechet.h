#pragma once

#include "metrics/gaussian_moments.h"

namespace alea {

/// Frechet (2-Wasserstein) distance squared of two Gaussians (Dowson & Landau 1982; FID: arXiv:1706.08500 eq. 6):
/// |mu1-mu2|^2 + tr(S1) + tr(S2) - 2 tr((S1 S2)^1/2). The trace term is the sum of square roots of the eigenvalues of
/// S_ref^1/2 S S_ref^1/2 (symmetric, so no complex parts and no added epsilon; rank-deficient input is exact, tiny negative
/// eigenvalues are clamped to 0).
/// The reference's square root is taken once, so that jackknife and subsets cost one eigenvalue problem each.
class FrechetReference {
 public:
  explicit FrechetReference(Gaussian reference);
  /// In squared feature units, >= 0 up to rounding. Error{shape} when the widths differ.
  double distance(const Gaussian& other) const;
  const Gaussian& gaussian() const { return reference_; }

 private:
  Gaussian reference_;
  std::vector<double> root_;  ///< [d, d] symmetric square root
};

double frechet_distance(const Gaussian& a, const Gaussian& b);

}  // namespace alea
