#pragma once

#include <span>

namespace alea {

struct MeanDeviation {
  double mean = 0, standard_deviation = 0;  ///< divisor: how many there are, as the tools that print it have it
};
MeanDeviation mean_deviation(std::span<const double> values);

}  // namespace alea
