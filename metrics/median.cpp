#include "metrics/median.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace alea {
namespace {

constexpr double kTail = 0.025;
constexpr double kNormalQuantile = 1.959963984540054;  // of 1 - kTail

std::vector<double> in_order(std::span<const double> values) {
  std::vector<double> out(values.begin(), values.end());
  std::ranges::sort(out);
  return out;
}

double middle_of(const std::vector<double>& ordered) {
  const std::size_t n = ordered.size();
  return (ordered[(n - 1) / 2] + ordered[n / 2]) / 2;
}

/// Largest k with P(Binomial(n, 1/2) < k) <= kTail.
std::size_t lower_rank(std::size_t n) {
  double term = std::exp2(-static_cast<double>(n)), below = term;  // of k = 1
  std::size_t k = 0;
  while (below <= kTail) {
    ++k;
    term *= static_cast<double>(n - k + 1) / static_cast<double>(k);
    below += term;
  }
  return k;
}

}  // namespace

double median(std::span<const double> values) {
  if (values.empty()) fail(ErrorCode::domain, "a median of no values");
  return middle_of(in_order(values));
}

Interval median_interval(std::span<const double> values) {
  const std::size_t n = values.size();
  if (n < kLeastForMedianInterval || n > kMostForMedianInterval)
    fail(ErrorCode::domain, "an interval of a median takes {} to {} values, found {}", kLeastForMedianInterval,
         kMostForMedianInterval, n);
  const auto ordered = in_order(values);
  const std::size_t k = lower_rank(n);
  const double low = ordered[k - 1], high = ordered[n - k];
  return {.value = middle_of(ordered), .standard_error = (high - low) / (2 * kNormalQuantile), .low = low, .high = high};
}

}  // namespace alea
