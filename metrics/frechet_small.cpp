#include "metrics/frechet_small.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "metrics/lapack.h"

namespace alea {
namespace {

/// Rows about their mean, over sqrt(n - 1): the covariance is their Gram matrix.
struct CentredRows {
  std::vector<double> mean, rows;
  double squared_norm = 0;  ///< trace of the covariance
};

CentredRows centre(const FeatureView& features) {
  if (features.values.size() != features.n * features.d)
    fail(ErrorCode::shape, "Frechet distance: {} numbers for {} features of width {}, expected {}", features.values.size(),
         features.n, features.d, features.n * features.d);
  if (features.n < 2) fail(ErrorCode::domain, "Frechet distance: {} samples, expected at least 2", features.n);
  CentredRows out{std::vector<double>(features.d, 0.0), std::vector<double>(features.values.begin(), features.values.end()), 0};
  for (std::size_t i = 0; i < features.n; ++i)
    for (std::size_t j = 0; j < features.d; ++j) out.mean[j] += out.rows[i * features.d + j];
  for (double& value : out.mean) value /= static_cast<double>(features.n);
  const double scale = 1 / std::sqrt(static_cast<double>(features.n - 1));
  for (std::size_t i = 0; i < features.n; ++i)
    for (std::size_t j = 0; j < features.d; ++j) {
      double& value = out.rows[i * features.d + j];
      value = scale * (value - out.mean[j]);
      out.squared_norm += value * value;
    }
  return out;
}

/// tr (S_a S_b)^1/2 is the sum of the singular values of A B^T, where S_a = A^T A and S_b = B^T B.
double nuclear_norm_of_product(const CentredRows& a, const CentredRows& b, std::size_t n_a, std::size_t n_b, std::size_t d) {
  std::vector<double> product(n_a * n_b), values(std::min(n_a, n_b));
  multiply_by_transpose(a.rows, b.rows, product, n_a, n_b, d);
  singular_values(product, values, n_a, n_b);
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

double frechet_distance_from_rows(const FeatureView& a, const FeatureView& b) {
  if (a.d != b.d) fail(ErrorCode::shape, "Frechet distance: features of width {} and {}", a.d, b.d);
  const CentredRows first = centre(a), second = centre(b);
  double distance = first.squared_norm + second.squared_norm - 2 * nuclear_norm_of_product(first, second, a.n, b.n, a.d);
  for (std::size_t j = 0; j < a.d; ++j) distance += (first.mean[j] - second.mean[j]) * (first.mean[j] - second.mean[j]);
  if (!std::isfinite(distance)) fail(ErrorCode::domain, "Frechet distance: a feature isn't finite");
  return distance;
}

}  // namespace alea
