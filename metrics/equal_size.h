#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/selection.h"

namespace alea {

/// round(share n) of each, at least 1. Error{domain} for a share outside (0, 1].
std::vector<std::size_t> kept_of_shares(std::span<const double> shares, std::size_t n);

/// Distances of kept sets of several sizes, each from `size` of its samples, so that the bias of a distance, which falls with the
/// number of samples, is the same along a curve over the share that is kept. Draw r takes those of a set with the lowest
/// random_scores(seed, r): the same samples wherever they are kept.
class EqualSizeDistances {
 public:
  /// The views and `reference` must outlive it. Error{domain} for size < 2 or no draws; otherwise as FilteringAnalysis.
  EqualSizeDistances(const FeatureView& features, std::span<const std::uint64_t> ids, const FrechetReference& reference,
                     std::size_t size, std::uint64_t seed, std::uint32_t draws);

  /// [draws], of the `keep` lowest or highest of scores [n]. Error{domain} where keep < size or keep > n.
  std::vector<double> kept(std::span<const double> scores, std::size_t keep, KeepSide side) const;
  /// [draws], of all samples: what any share of a score that knows nothing gives on average.
  std::vector<double> random() const;

 private:
  std::vector<double> of_members(const std::vector<std::uint8_t>& member) const;

  FeatureView features_;
  const FrechetReference& reference_;
  std::size_t size_;
  std::vector<std::vector<std::uint32_t>> orders_;  ///< [draws] samples by their random scores
};

}  // namespace alea
