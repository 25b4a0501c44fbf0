#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/frechet.h"
#include "metrics/gaussian_moments.h"
#include "metrics/jackknife.h"

namespace alea {

enum class KeepSide { lowest, highest };

/// Indices 0..n-1 from the first to be kept to the last: by score, ties by index. Error{domain} naming the index of a score that
/// isn't finite.
std::vector<std::uint32_t> rank_by_score(std::span<const double> scores, KeepSide side);

/// The first `keep` of rank_by_score, ascending. Error{domain} when keep > n.
std::vector<std::uint32_t> keep_by_score(std::span<const double> scores, std::size_t keep, KeepSide side);

/// A uniform score in [0, 1) by (seed, draw, id), stream subset: keeping its lowest is a random subset. draw < 65536.
std::vector<double> random_scores(std::span<const std::uint64_t> ids, std::uint64_t seed, std::uint32_t draw);

/// `keep` of the ids 0..n-1 without replacement, ascending: keep_by_score(random_scores, keep, lowest).
std::vector<std::uint32_t> random_subset(std::size_t n, std::size_t keep, std::uint64_t seed, std::uint32_t draw);

/// How many to keep of `left` where `keep` of `n` are kept: keep*left/n, rounded half up.
std::size_t reduced_keep(std::size_t keep, std::size_t n, std::size_t left);

/// The samples that a selection made again without a group takes in or lets go beside that group's own.
struct Movement {
  bool enter = false;
  std::vector<std::uint32_t> rows;  ///< ascending
};
/// Of the first `keep` of `ranking` (reduced_keep of the others without `group`), of which `kept_of_group` belong to it.
Movement move_without_group(std::span<const std::uint32_t> ranking, std::span<const std::uint64_t> ids, std::size_t keep,
                            int group, std::size_t group_size, std::size_t kept_of_group);

enum class Tail { lower, upper };

/// One-sided p of a randomisation test against R random subsets: (1 + #{random <= kept}) / (R + 1) for `lower` (small when the
/// selection is closer to the reference than chance), with >= for `upper` (small when it is farther). The two add up to more
/// than 1. Error{domain} for R = 0 or a number that isn't finite.
double randomisation_p(double kept_value, std::span<const double> random_values, Tail tail = Tail::lower);

/// A distance on all samples and with each jackknife group left out.
struct SubsetDistance {
  double value = 0;
  std::vector<double> leave_one_out;  ///< kJackknifeGroups values
};

/// R random subsets of one size.
struct RandomSubsets {
  std::vector<double> values;  ///< [R], by draw
  SubsetDistance mean;         ///< over the draws
};

/// Distances from a fixed reference of subsets selected by score out of n samples. Leaving group g out takes its n_g samples
/// out of the pool and selects again: reduced_keep(keep, n, n - n_g) of the others, by the same scores.
/// A subset is summed once, group by group; leaving one out subtracts that group's sum and adds the few samples that move up.
class FilteringAnalysis {
 public:
  /// Keeps references to the features and to `reference`: both must outlive it. ids: [n], one a feature row.
  /// Error{shape} when sizes or widths differ, Error{domain} when a jackknife group has no id.
  FilteringAnalysis(FeatureView features, std::span<const std::uint64_t> ids, const FrechetReference& reference);

  /// The `keep` lowest or highest of scores [n]. keep = n measures the whole pool. Error{domain} when a covariance would
  /// rest on fewer than 2 samples, keep > n, or a score isn't finite.
  SubsetDistance kept(std::span<const double> scores, std::size_t keep, KeepSide side) const;

  /// Draws 0..draws-1 of random_scores, where `classes` [n] isn't empty as class_places of them. Runs on TBB's threads; equal
  /// bits for any number of them.
  RandomSubsets random(std::size_t keep, std::uint64_t seed, std::uint32_t draws,
                       std::span<const std::uint64_t> classes = {}) const;

 private:
  std::vector<MomentSums> sums_by_group(std::span<const std::uint32_t> kept) const;
  void select_again(MomentSums& sums, std::span<const std::uint32_t> ranking, std::size_t keep, int group,
                    std::size_t kept_of_group) const;

  FeatureView features_;
  std::vector<std::uint64_t> ids_;
  const FrechetReference* reference_;
  GroupSizes group_sizes_;
};

}  // namespace alea
