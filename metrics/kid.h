#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/gaussian_moments.h"
#include "metrics/jackknife.h"

namespace alea {

/// Kernel inception distance (Binkowski et al. 2018, arXiv:1801.01401 eq. 4): the unbiased squared maximum mean discrepancy under
/// k(x, y) = (x.y/d + 1)^3. All sums in double.
struct KidOptions {
  std::uint32_t subsets = 100;
  std::uint32_t subset_size = 1000;
  std::uint64_t seed = 2020;
  /// Which rows a subset has. philox: by (seed, subset, row) as random_subset; numpy_legacy: RandomState(seed).choice(n, size,
  /// replace=False), first of the first set, then of the second, as torch-fidelity draws them.
  enum class Draw { philox, numpy_legacy } draw = Draw::philox;
};

/// One unbiased estimate from all rows of both. Error{domain} for fewer than 2 rows, Error{shape} for unlike widths.
double squared_mmd(const FeatureView& a, const FeatureView& b);

struct KidSubsets {
  double mean = 0, standard_deviation = 0;  ///< over the subsets (divisor: their number)
  std::vector<double> values;               ///< [subsets]
};
/// Error{domain} when a set has fewer rows than a subset.
KidSubsets kid(const FeatureView& real, const FeatureView& generated, const KidOptions& options);

/// The estimate from all rows with its delete-a-group jackknife: groups of generated samples by id, the real set held fixed. One
/// pass over the kernel matrix: block sums by group.
Interval kid_interval(const FeatureView& real, const FeatureView& generated, std::span<const std::uint64_t> ids,
                      std::vector<double>* leave_one_out = nullptr);

}  // namespace alea
