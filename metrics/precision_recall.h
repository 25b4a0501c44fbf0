#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/gaussian_moments.h"
#include "metrics/half_samples.h"
#include "metrics/jackknife.h"

namespace alea {

/// Improved precision and recall (Kynkaanniemi et al. 2019, arXiv:1904.06991), density and coverage (Naeem et al. 2020,
/// arXiv:2002.09797), all from one pass over the distances between the sets. A ball is around a sample, its radius the distance
/// to its k-th neighbour in the same set.
struct ManifoldOptions {
  std::uint32_t k = 5;
  /// Whether a point on the rim is inside: closed as IPR, ADM and torch-fidelity (<=), open as prdc (<). Squared distances in
  /// double are compared.
  enum class Rim { closed, open } rim = Rim::closed;
};
struct ManifoldMetric {
  double value = 0;
  /// Of precision and density, means over generated samples: kJackknifeGroups values, or empty.
  std::vector<double> leave_one_out;
  /// Of recall and coverage, which rest on single neighbours: [2 kSplits], for each split the generated samples' first half less
  /// their second, both against the first half of the real ones and then against the second; or empty.
  std::vector<double> half_differences;

  /// 95%: jackknife or half-samples. Error{domain} without either.
  Interval interval() const;
};
struct ManifoldMetrics {
  ManifoldMetric precision, recall, density, coverage;
  std::uint64_t zero_radii_real = 0, zero_radii_generated = 0;  ///< duplicates: with an open rim their balls are empty
  std::uint64_t recomputed_rows = 0;  ///< neighbour lists that ran out in a half and were made again exactly
};
/// ids: of the generated samples, for intervals with the real set held fixed (its halves are by place); empty: none. Every
/// leave_one_out and half_difference equals calling this with just those samples, to the bit. Beside the features at most
/// 4 d (n real + n generated) bytes and about a thousand a row are taken. Equal bits for any number of threads.
/// Error{shape} for unlike widths or numbers of ids, Error{domain} for k = 0, fewer than k+1 rows (with ids: in a half of either
/// set), a jackknife group without an id, or rows that aren't finite, by index.
ManifoldMetrics manifold_metrics(const FeatureView& real, const FeatureView& generated, std::span<const std::uint64_t> ids,
                                 const ManifoldOptions& options);

/// Realism (arXiv:1904.06991 eq. 3) of each generated sample: max_i r_i / d(x_i, y) over the real balls whose radius is at most
/// the median. [n generated]; infinite on top of a real sample. Errors as above.
std::vector<double> realism(const FeatureView& real, const FeatureView& generated, std::uint32_t k);

}  // namespace alea
