#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/kernel_sums.h"
#include "metrics/selection.h"

namespace alea {

struct KernelDistance {
  SubsetDistance distance;
  Interval interval;  ///< 95%, as kid_interval has it
};

/// The unbiased kernel distance (kid.h) of subsets selected by score out of one pool of generated samples from a fixed real set,
/// each from all its rows. The kernels of every pair are summed once, by row and jackknife group; a subset then costs those of
/// the samples that it leaves out. The selection is made again in each group, as FilteringAnalysis does.
class SubsetKid {
 public:
  /// Both views must outlive it. ids: [n pool]. Errors as kid_interval.
  SubsetKid(const FeatureView& real, const FeatureView& pool, std::span<const std::uint64_t> ids);

  /// The `keep` lowest or highest of scores [n].
  KernelDistance kept(std::span<const double> scores, std::size_t keep, KeepSide side) const;
  /// Of the whole pool: also the mean over all random subsets of any one size, since the estimate is a U-statistic.
  KernelDistance all() const;
  /// The mean over draws 0..draws-1 of random_scores as class_places, which isn't the pool's: classes of unlike sizes are cut to
  /// one share.
  KernelDistance random_within(std::span<const std::uint64_t> classes, std::size_t keep, std::uint64_t seed,
                               std::uint32_t draws) const;

 private:
  struct Subset;
  Subset subset_of(std::span<const std::uint32_t> ranking, std::size_t keep) const;
  double distance_of(double within, double between, std::size_t n) const;

  FeatureView pool_;
  std::vector<std::uint64_t> ids_;
  GroupSizes group_sizes_;
  double n_real_ = 0, within_real_ = 0;
  std::vector<double> by_group_;   ///< [n, kJackknifeGroups] sums of a sample's kernel with the others of each group
  std::vector<double> with_real_;  ///< [n]
};

}  // namespace alea
