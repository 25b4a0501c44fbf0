#include "metrics/frechet_bias.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "metrics/lapack.h"
#include "metrics/selection.h"

namespace alea {
namespace {

constexpr std::uint64_t kLargestSmallest = 5000;

std::vector<std::uint64_t> spaced_sizes(std::uint64_t smallest, std::uint64_t n, std::uint32_t points) {
  std::vector<std::uint64_t> sizes;
  for (std::uint32_t i = 0; i < points; ++i) sizes.push_back(smallest + (n - smallest) * i / (points - 1));
  return sizes;
}

/// Least squares of y = intercept + slope / size.
void fit_line(FrechetInfinity& result) {
  const double count = static_cast<double>(result.sizes.size());
  double mean_x = 0, mean_y = 0, covariance = 0, variance = 0;
  for (std::size_t i = 0; i < result.sizes.size(); ++i) {
    mean_x += 1 / static_cast<double>(result.sizes[i]) / count;
    mean_y += result.distances[i] / count;
  }
  for (std::size_t i = 0; i < result.sizes.size(); ++i) {
    const double x = 1 / static_cast<double>(result.sizes[i]) - mean_x;
    covariance += x * (result.distances[i] - mean_y);
    variance += x * x;
  }
  result.slope = covariance / variance;
  result.intercept = mean_y - result.slope * mean_x;
}

}  // namespace

double frechet_bias_coefficient(std::span<const double> covariance, std::size_t d) {
  for (std::size_t i = 0; i < covariance.size(); ++i)
    if (!std::isfinite(covariance[i]))
      fail(ErrorCode::domain, "Frechet bias: number {} of the covariance is {}, expected a finite one", i, covariance[i]);
  std::vector<double> matrix(covariance.begin(), covariance.end()), values(d);
  symmetric_eigenvalues(matrix, values, d);
  double trace = 0, pairs = 0;
  for (double& value : values) {
    value = std::max(value, 0.0);
    trace += value;
  }
  for (const double a : values)
    for (const double b : values)
      if (a + b > 0) pairs += a * b / (a + b);
  return trace + (pairs + trace / 2) / 2;
}

FrechetInfinity frechet_infinity(const FeatureView& features, const FrechetReference& reference, std::uint64_t seed,
                                 std::uint32_t points, std::uint64_t smallest) {
  if (smallest == 0) smallest = std::min(kLargestSmallest, std::max<std::uint64_t>(features.n / 10, 2));
  if (points < 2 || smallest < 2 || smallest >= features.n)
    fail(ErrorCode::domain, "FID-infinity: {} subsets of {} to {} samples, expected at least 2 of at least 2 and unlike sizes",
         points, smallest, features.n);
  FrechetInfinity result;
  result.sizes = spaced_sizes(smallest, features.n, points);
  for (std::uint32_t i = 0; i < points; ++i) {
    MomentSums sums(reference.gaussian().mean);
    sums.add(features, random_subset(features.n, result.sizes[i], seed, i));
    result.distances.push_back(reference.distance(fit_gaussian(sums)));
  }
  fit_line(result);
  return result;
}

}  // namespace alea
