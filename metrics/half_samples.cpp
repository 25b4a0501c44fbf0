#include "metrics/half_samples.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"

namespace alea {

std::size_t smallest_half(const GroupSizes& sizes) {
  std::size_t smallest = 0;
  for (int split = 0; split < kSplits; ++split) {
    std::array<std::size_t, 2> halves{};
    for (int g = 0; g < kJackknifeGroups; ++g) halves[half_of(split, g)] += sizes[g];
    const std::size_t smaller = std::min(halves[0], halves[1]);
    smallest = split == 0 ? smaller : std::min(smallest, smaller);
  }
  return smallest;
}

Interval half_sample_interval(double value, std::span<const double> differences) {
  const auto finite = [](double x) { return std::isfinite(x); };
  if (differences.empty() || !finite(value) || !std::all_of(differences.begin(), differences.end(), finite)) {
    fail(ErrorCode::domain, "half-samples: {} differences, expected at least one, and all of them and the value finite",
         differences.size());
  }
  double squares = 0;
  for (const double difference : differences) squares += difference * difference;
  const double error = std::sqrt(squares / static_cast<double>(differences.size()) / 4);
  const double reach = student_t_quantile(0.975, kSplits) * error;
  return {value, error, value - reach, value + reach};
}

}  // namespace alea
