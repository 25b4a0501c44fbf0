#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/ball_lists.h"
#include "metrics/selection.h"

namespace alea {

/// Precision, recall, density and coverage of R random subsets of one size.
struct RandomManifolds {
  std::vector<double> precision, recall, density, coverage;  ///< [R], by draw
  ManifoldMetrics mean;                                      ///< over the draws, with what its intervals need
};

/// Precision, recall, density and coverage of subsets selected by score out of one pool of generated samples, against one real
/// set: what manifold_metrics gives of each subset's rows, to the bit, from one pass over the pool. The selection is part of the
/// estimator: leaving group g out (precision, density) or taking a half (recall, coverage) selects again, reduced_keep of what is
/// left, by the same scores.
class SubsetManifold {
 public:
  /// Both views must outlive it. ids: [n pool]. `keep`: size of the subsets to come; another one is measured all the same, only
  /// slower where it is much smaller. Errors as manifold_metrics with ids; Error{domain} also where a half of the groups would
  /// keep fewer than k + 1 samples.
  SubsetManifold(const FeatureView& real, const FeatureView& pool, std::span<const std::uint64_t> ids, std::size_t keep,
                 const ManifoldOptions& options);

  /// The `keep` lowest or highest of scores [n]. recomputed_rows counts samples whose listed neighbours ran out, each time.
  ManifoldMetrics kept(std::span<const double> scores, std::size_t keep, KeepSide side) const;

  /// Draws 0..draws-1 of random_scores, where `classes` [n] isn't empty as class_places of them, as FilteringAnalysis::random.
  /// Equal bits for any number of threads.
  RandomManifolds random(std::size_t keep, std::uint64_t seed, std::uint32_t draws,
                         std::span<const std::uint64_t> classes = {}) const;

 private:
  struct Selection;
  struct Reached;
  Selection select(std::span<const std::uint32_t> ranking, std::size_t keep, int split, int half) const;
  Reached reach(const Selection& selection) const;
  void reach_from_run_out(std::size_t j, const Selection& selection, std::vector<std::uint8_t>& recalled) const;
  void add_ball_counts(std::span<const std::uint32_t> ranking, std::size_t keep, ManifoldMetrics& out) const;
  std::uint64_t add_halves(std::span<const std::uint32_t> ranking, std::size_t keep, ManifoldMetrics& out) const;
  std::uint64_t zero_radii_real() const;

  std::vector<std::uint64_t> ids_;
  std::vector<std::uint8_t> groups_;  ///< [n]
  GroupSizes group_sizes_;
  BallLists lists_;
};

/// Empty, or why subsets of `keep` of the samples `ids` have no such metrics against n_real real ones.
std::string why_no_manifold(std::span<const std::uint64_t> ids, std::size_t keep, std::size_t n_real, std::uint32_t k);

}  // namespace alea
