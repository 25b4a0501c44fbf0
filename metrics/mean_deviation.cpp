#include "metrics/mean_deviation.h"

#include <cmath>

namespace alea {

MeanDeviation mean_deviation(std::span<const double> values) {
  const double count = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / count;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / count)};
}

}  // namespace alea
