#pragma once

#include <bit>
#include <span>

#include "metrics/jackknife.h"

namespace alea {

/// Balanced half-samples (McCarthy 1969, "Pseudo-replication: half samples"): 31 splits of the 32 jackknife groups into two
/// halves of 16, the rows of Sylvester's Hadamard matrix. Any two groups are on one side in 15 splits and on two in 16.
inline constexpr int kSplits = kJackknifeGroups - 1;

/// 0 or 1: the side of a group in a split.
constexpr int half_of(int split, int group) {
  return std::popcount(static_cast<unsigned>(split + 1) & static_cast<unsigned>(group)) % 2;
}

/// Rows in the smallest half of any split.
std::size_t smallest_half(const GroupSizes& sizes);

/// For statistics of single neighbours, whose variance the jackknife overstates: differences are estimates from one half less
/// those from the other, which share no sample, so that E[difference^2] / 2 is the variance at half the size whatever the
/// statistic, and half of that the variance at full size, where it falls as 1/n. t with 31 degrees of freedom.
/// Error{domain} for no differences, or one that isn't finite.
Interval half_sample_interval(double value, std::span<const double> differences);

}  // namespace alea
