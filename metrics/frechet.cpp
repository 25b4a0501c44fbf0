#include "metrics/frechet.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/error.h"
#include "metrics/lapack.h"

namespace alea {
namespace {

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

void check_gaussian(const Gaussian& gaussian, const char* name) {
  const std::size_t d = gaussian.mean.size();
  if (d == 0 || gaussian.covariance.size() != d * d) {
    fail(ErrorCode::shape, "Frechet distance: {} has a mean of {} numbers and a covariance of {}, expected d and d*d with d > 0",
         name, d, gaussian.covariance.size());
  }
  if (gaussian.n == 1) fail(ErrorCode::domain, "Frechet distance: {} was fitted to 1 sample, expected at least 2", name);
  if (!all_finite(gaussian.mean) || !all_finite(gaussian.covariance)) {
    fail(ErrorCode::domain, "Frechet distance: {} isn't finite: look for NaN or infinity among its features", name);
  }
}

double trace(const Gaussian& gaussian) {
  double sum = 0;
  for (std::size_t i = 0; i < gaussian.mean.size(); ++i) sum += gaussian.covariance[i * gaussian.mean.size() + i];
  return sum;
}

/// The largest rank that a covariance of d variables fitted to n samples can have.
std::size_t rank_bound(const Gaussian& gaussian) {
  const std::size_t d = gaussian.mean.size();
  return gaussian.n == 0 ? d : std::min<std::uint64_t>(d, gaussian.n - 1);
}

/// Relative size below which a pivot or an eigenvalue of a d x d matrix is rounding.
double rounding_of(std::size_t d) { return static_cast<double>(d) * std::numeric_limits<double>::epsilon(); }

/// Upper triangular root, or empty when the matrix isn't safely positive definite.
std::vector<double> cholesky_root(const Gaussian& gaussian) {
  const std::size_t d = gaussian.mean.size();
  std::vector<double> root = gaussian.covariance;
  if (!cholesky_upper(root, d)) return {};
  double largest = 0, least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < d; ++i) {
    largest = std::max(largest, gaussian.covariance[i * d + i]);
    least = std::min(least, root[i * d + i] * root[i * d + i]);
  }
  if (least <= rounding_of(d) * largest) return {};
  return root;
}

/// Rows sqrt(lambda) v of the at most rank_bound eigenvalues that are above rounding.
std::vector<double> eigen_root(const Gaussian& gaussian) {
  const std::size_t d = gaussian.mean.size();
  std::vector<double> vectors = gaussian.covariance, values(d);
  symmetric_eigenvectors(vectors, values, d);
  std::vector<double> root;
  for (std::size_t k = d - rank_bound(gaussian); k < d; ++k) {
    if (values[k] <= rounding_of(d) * values[d - 1]) continue;
    const double scale = std::sqrt(values[k]);
    for (std::size_t j = 0; j < d; ++j) root.push_back(scale * vectors[k * d + j]);
  }
  return root;
}

double squared_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return sum;
}

/// tr (F S F^T)^1/2 for F [rank, d]: at most rank_bound(other) eigenvalues aren't 0.
double trace_of_root(const std::vector<double>& root, std::size_t rank, const Gaussian& other) {
  if (rank == 0) return 0;
  const std::size_t d = other.mean.size();
  std::vector<double> half(rank * d), product(rank * rank), values(rank);
  // S is its own transpose; of MKL's products only those by a transpose had equal bits for any number of threads at every shape
  // tried.
  multiply_by_transpose(root, other.covariance, half, rank, d, d);
  multiply_by_transpose(half, root, product, rank, rank, d);
  symmetric_eigenvalues(product, values, rank);
  double sum = 0;
  for (std::size_t k = rank - std::min(rank, rank_bound(other)); k < rank; ++k) sum += std::sqrt(std::max(values[k], 0.0));
  return sum;
}

}  // namespace

FrechetReference::FrechetReference(Gaussian reference) : reference_(std::move(reference)) {
  check_gaussian(reference_, "the reference");
  const std::size_t d = reference_.mean.size();
  if (rank_bound(reference_) == d) root_ = cholesky_root(reference_);
  if (root_.empty()) root_ = eigen_root(reference_);
  rank_ = root_.size() / d;
}

double FrechetReference::distance(const Gaussian& other) const {
  check_gaussian(other, "the sample");
  if (other.mean.size() != reference_.mean.size()) {
    fail(ErrorCode::shape, "Frechet distance: features of width {}, expected the reference's {}", other.mean.size(),
         reference_.mean.size());
  }
  return squared_difference(reference_.mean, other.mean) + trace(reference_) + trace(other) -
         2 * trace_of_root(root_, rank_, other);
}

double frechet_distance(const Gaussian& a, const Gaussian& b) { return FrechetReference(a).distance(b); }

}  // namespace alea
