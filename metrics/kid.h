#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/gaussian_moments.h"
#include "metrics/jackknife.h"
#include "metrics/kernel_sums.h"

namespace alea {

/// Kernel inception distance (Binkowski et al. 2018, arXiv:1801.01401 eq. 4): the unbiased squared maximum mean discrepancy under
/// k(x, y) = (x.y/d + 1)^3. Products, kernels and sums are in double: 1e-14 of the mean kernel off the formula in more digits (a
/// peer in float: 1e-7).
struct KidOptions {
  std::uint32_t subsets = 100;
  std::uint32_t subset_size = 1000;
  std::uint64_t seed = 2020;
  /// Which rows subset s has. philox: random_subset's draws 2 s and 2 s + 1; numpy_legacy: RandomState(seed).choice(n, size,
  /// replace=False), first of the first set, then of the second, as torch-fidelity does with its input1 and input2.
  enum class Draw { philox, numpy_legacy } draw = Draw::philox;
};

/// One unbiased estimate from all rows of both, which may be below 0. Equal bits for any number of threads, as everything here.
/// Error{domain} for fewer than 2 rows or rows that aren't finite, Error{shape} for unlike widths.
double squared_mmd(const FeatureView& a, const FeatureView& b);

struct KidSubsets {
  double mean = 0, standard_deviation = 0;  ///< over the subsets (divisor: their number)
  std::vector<double> values;               ///< [subsets]
};
/// Only the draws tell the sets apart: torch-fidelity's usual input1 is the generated one. Error{domain} when a set has fewer
/// rows than a subset or there are more than 32768 subsets; otherwise as above.
KidSubsets kid(const FeatureView& first, const FeatureView& second, const KidOptions& options);

/// The estimate from all rows with its delete-a-group jackknife: groups of generated samples by id, the real set held fixed. One
/// pass over the kernel matrix: block sums by group. The variance of its degenerate part is added once more: it is all there is
/// where the sets have one law (jackknife alone: 91% where 95% is meant), and nothing where they differ. Error{shape} for another
/// number of ids, Error{domain} when a group has none.
Interval kid_interval(const FeatureView& real, const FeatureView& generated, std::span<const std::uint64_t> ids,
                      std::vector<double>* leave_one_out = nullptr);

/// The interval of an estimate `value` from its jackknife: the variance of the degenerate part is added, from the sums `within`
/// the generated set by group and the groups' sizes. The jackknife alone holds an expectation near 0 in 91% of cases, since there
/// the estimate is skewed and its error varies with it. Nothing is added where a group is empty.
Interval kid_interval(double value, std::span<const double> leave_one_out, const KernelSums& within, const GroupSizes& sizes);

}  // namespace alea
