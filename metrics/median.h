#pragma once

#include <span>

#include "metrics/jackknife.h"

namespace alea {

inline constexpr std::size_t kLeastForMedianInterval = 6, kMostForMedianInterval = 1000;

/// Mean of the two middle ones where their number is even. Error{domain} for no values.
double median(std::span<const double> values);

/// The median with order statistics around it, whatever the law of the values: [x_(k), x_(n+1-k)], k the largest for which a
/// binomial variable of n trials of 1/2 is below k with probability <= 0.025, so that the median is inside with at least 95%. The
/// standard error is the interval's width over 2 z_0.975 (McKean and Schrader, Communications in Statistics B 13, 1984).
/// Error{domain} for fewer than 6 values, of which not even all would do, and for more than 1000.
Interval median_interval(std::span<const double> values);

}  // namespace alea
