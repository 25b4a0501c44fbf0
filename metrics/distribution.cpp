#include "metrics/distribution.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"

namespace alea {

double quantile_of_sorted(std::span<const double> ascending, double q) {
  if (ascending.empty()) fail(ErrorCode::domain, "a quantile needs a value at least");
  if (!(q >= 0 && q <= 1)) fail(ErrorCode::domain, "expected a quantile between 0 and 1, found {}", q);
  const double place = q * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  return ascending[below] + (place - static_cast<double>(below)) * (ascending[above] - ascending[below]);
}

Distribution distribution_of(std::vector<double> values, std::span<const double> quantiles) {
  if (values.size() < 2) fail(ErrorCode::domain, "a spread needs at least 2 values, found {}", values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) fail(ErrorCode::domain, "value {} is {}; expected finite numbers", i, values[i]);
  Distribution out;
  const auto n = static_cast<double>(values.size());
  out.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - out.mean) * (value - out.mean);
  out.sd = std::sqrt(squares / (n - 1));
  std::sort(values.begin(), values.end());
  for (const double q : quantiles) out.quantiles.push_back(quantile_of_sorted(values, q));
  return out;
}

}  // namespace alea
