#pragma once

#include <span>
#include <vector>

namespace alea {

/// The q-quantile of ascending values [n], linear between order statistics (place q (n-1), as numpy has it by default).
/// Error{domain} without values, or for q outside [0, 1].
double quantile_of_sorted(std::span<const double> ascending, double q);

/// How a set of numbers is spread.
struct Distribution {
  double mean = 0;
  double sd = 0;                  ///< divisor n-1
  std::vector<double> quantiles;  ///< one a q that was asked for
};

/// Error{domain} for fewer than two values, or for one that isn't finite.
Distribution distribution_of(std::vector<double> values, std::span<const double> quantiles);

}  // namespace alea
