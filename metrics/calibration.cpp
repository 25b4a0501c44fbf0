#include "metrics/calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"

namespace alea {
namespace {

void check_pairs(std::span<const double> variance, std::span<const double> squared_error, bool positive) {
  if (variance.size() != squared_error.size() || variance.empty())
    fail(ErrorCode::shape, "calibration: {} variances and {} squared errors, expected as many, at least 1", variance.size(),
         squared_error.size());
  for (std::size_t i = 0; i < variance.size(); ++i) {
    const bool fits = positive ? variance[i] > 0 : variance[i] >= 0;
    if (!fits || !std::isfinite(variance[i]) || !(squared_error[i] >= 0) || !std::isfinite(squared_error[i]))
      fail(ErrorCode::domain,
           "calibration: element {} has variance {} and squared error {}, expected finite numbers {} 0 and >= 0", i, variance[i],
           squared_error[i], positive ? ">" : ">=");
  }
}

/// z with P(|Z| <= z) = level for a normal Z, by bisection of the error function.
double normal_half_width(double level) {
  double low = 0, high = 40;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (std::erf(middle / std::sqrt(2.0)) < level ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

Calibration calibrate(std::span<const double> variance, std::span<const double> squared_error, std::uint32_t bins) {
  check_pairs(variance, squared_error, false);
  const std::size_t n = variance.size();
  if (bins == 0 || bins > n) fail(ErrorCode::domain, "calibration: {} bins for {} elements", bins, n);
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return variance[a] < variance[b]; });
  Calibration out;
  for (std::size_t b = 0; b < bins; ++b) {
    const std::size_t first = b * n / bins, end = (b + 1) * n / bins;
    const double count = static_cast<double>(end - first);
    double mean_variance = 0, mean_squared_error = 0;
    for (std::size_t i = first; i < end; ++i) {
      mean_variance += variance[order[i]] / count;
      mean_squared_error += squared_error[order[i]] / count;
    }
    if (mean_variance == 0) fail(ErrorCode::domain, "calibration: the variances of bin {} are 0, ENCE divides by their root", b);
    out.count.push_back(end - first);
    out.mean_variance.push_back(mean_variance);
    out.mean_squared_error.push_back(mean_squared_error);
    out.uce += count / static_cast<double>(n) * std::abs(mean_squared_error - mean_variance);
    const double rmv = std::sqrt(mean_variance);
    out.ence += std::abs(rmv - std::sqrt(mean_squared_error)) / rmv / bins;
  }
  return out;
}

double fit_variance_scale(std::span<const double> variance, std::span<const double> squared_error) {
  check_pairs(variance, squared_error, true);
  double sum = 0;
  for (std::size_t i = 0; i < variance.size(); ++i) sum += squared_error[i] / variance[i];
  return sum / static_cast<double>(variance.size());
}

double interval_coverage(std::span<const double> variance, std::span<const double> squared_error, double level) {
  check_pairs(variance, squared_error, false);
  if (!(level > 0 && level < 1)) fail(ErrorCode::domain, "coverage: level {}, expected one between 0 and 1", level);
  const double z = normal_half_width(level);
  std::size_t inside = 0;
  for (std::size_t i = 0; i < variance.size(); ++i) inside += squared_error[i] <= z * z * variance[i];
  return static_cast<double>(inside) / static_cast<double>(variance.size());
}

}  // namespace alea
