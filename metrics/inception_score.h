#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/gaussian_moments.h"
#include "metrics/jackknife.h"

namespace alea {

/// Inception score (Salimans et al. 2016, arXiv:1606.03498): exp E KL(p(y|x) || p(y)), by log-softmax in double.
struct InceptionScoreOptions {
  std::uint32_t splits = 10;
  /// in_order: rows as given. numpy_legacy: RandomState(seed).permutation first, as torch-fidelity does.
  enum class Order { in_order, numpy_legacy } order = Order::in_order;
  std::uint64_t seed = 2020;
  /// fraction: split i is rows i*n/splits to (i+1)*n/splits (torch-fidelity). chunk: consecutive chunks of chunk_size, the last
  /// may be short (ADM, 5000).
  enum class Cut { fraction, chunk } cut = Cut::fraction;
  std::uint32_t chunk_size = 5000;
};
struct InceptionScore {
  double mean = 0, standard_deviation = 0;  ///< over the splits, divisor: their number
  std::vector<double> splits;
};
/// logits: [n, classes], for the published score without the last layer's bias. A probability that underflows counts 0.
/// Error{domain} for fewer rows than splits, no split, or logits that aren't finite, by row.
InceptionScore inception_score(const FeatureView& logits, const InceptionScoreOptions& options);

/// The score of all rows as one split, with its delete-a-group jackknife by id. Error{shape} for another number of ids,
/// Error{domain} when a group has none.
Interval inception_score_interval(const FeatureView& logits, std::span<const std::uint64_t> ids,
                                  std::vector<double>* leave_one_out = nullptr);

}  // namespace alea
