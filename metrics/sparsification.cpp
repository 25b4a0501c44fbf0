#include "metrics/sparsification.h"

#include <tbb/parallel_invoke.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "metrics/sorted_errors.h"

namespace alea {
namespace {

constexpr int kPoggiIntervals = 50;

double loss_of(double error, ErrorKind kind) { return kind == ErrorKind::mae ? error : error * error; }
double error_of(double mean_loss, ErrorKind kind) {
  return kind == ErrorKind::rmse ? std::sqrt(std::max(mean_loss, 0.0)) : mean_loss;
}

/// Error of the elements that are left, by the fraction that is removed, and the area under it.
struct Curve {
  std::vector<double> removed, error;
  double area = 0;
};

/// How many of the ascending uncertainties u have -u >= threshold, the percentile 100 f of -u by linear interpolation.
template <class T>
std::size_t kept_above_percentile(std::span<const T> u, double f) {
  const std::size_t n = u.size();
  const double place = f * static_cast<double>(n - 1);
  const auto below = std::min(static_cast<std::size_t>(place), n - 1), above = std::min(below + 1, n - 1);
  const double fraction = place - static_cast<double>(below);
  // -u ascending is u from its end.
  const double low = -static_cast<double>(u[n - 1 - below]), high = -static_cast<double>(u[n - 1 - above]);
  const double threshold = fraction < 0.5 ? low + (high - low) * fraction : high - (high - low) * (1 - fraction);
  return static_cast<std::size_t>(
      std::ranges::upper_bound(u, -threshold, {}, [](T value) { return static_cast<double>(value); }) - u.begin());
}

template <class T>
Curve poggi_curve(const SortedErrors<T>& sorted, ErrorKind kind) {
  std::vector<std::size_t> kept;
  for (int k = 0; k < kPoggiIntervals; ++k)
    kept.push_back(kept_above_percentile(sorted.uncertainty, static_cast<double>(k) / kPoggiIntervals));
  Curve curve;
  curve.error.resize(kPoggiIntervals + 1, 0.0);
  double sum = 0;
  std::size_t at = 0;
  for (int k = kPoggiIntervals - 1; k >= 0; --k) {  // the fewest first, so that one walk serves all
    for (; at < kept[k]; ++at) sum += loss_of(sorted.error[at], kind);
    curve.error[k] = error_of(sum / static_cast<double>(at), kind);
  }
  for (int k = 0; k <= kPoggiIntervals; ++k) curve.removed.push_back(static_cast<double>(k) / kPoggiIntervals);
  for (int k = 0; k < kPoggiIntervals; ++k) curve.area += (curve.error[k] + curve.error[k + 1]) / 2 / kPoggiIntervals;
  return curve;
}

/// Retained counts at which a curve is kept, descending.
std::vector<std::size_t> curve_counts(std::size_t n) {
  std::vector<std::size_t> counts;
  for (std::size_t i = 0; i < kCurvePoints; ++i) counts.push_back(std::max<std::size_t>(n - n * i / (kCurvePoints - 1), 1));
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  return counts;
}

template <class T>
Curve exact_curve(const SortedErrors<T>& sorted, ErrorKind kind) {
  const std::size_t n = sorted.error.size();
  const auto counts = curve_counts(n);
  std::vector<double> at_count(counts.size());
  Curve curve;
  std::size_t next = counts.size();  // counts ascend from their end
  double before = 0;
  for (std::size_t first = 0; first < n;) {
    std::size_t end = first;
    double group = 0;
    for (; end < n && sorted.uncertainty[end] == sorted.uncertainty[first]; ++end) group += loss_of(sorted.error[end], kind);
    const double each = group / static_cast<double>(end - first);
    for (std::size_t m = first + 1; m <= end; ++m) {
      const double error = error_of((before + each * static_cast<double>(m - first)) / static_cast<double>(m), kind);
      curve.area += error;
      if (next > 0 && counts[next - 1] == m) at_count[--next] = error;
    }
    before += group;
    first = end;
  }
  curve.area /= static_cast<double>(n);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    curve.removed.push_back(static_cast<double>(n - counts[i]) / static_cast<double>(n));
    curve.error.push_back(at_count[i]);
  }
  return curve;
}

template <class T>
Curve curve_of(std::span<const T> errors, std::span<const T> uncertainty, ErrorKind kind, Sparsification convention) {
  const auto sorted = sort_by_uncertainty(uncertainty, errors);
  return convention == Sparsification::poggi50 ? poggi_curve(sorted, kind) : exact_curve(sorted, kind);
}

template <class T>
void check_inputs(std::span<const T> errors, std::span<const T> uncertainty) {
  if (errors.size() != uncertainty.size() || errors.empty())
    fail(errors.empty() ? ErrorCode::domain : ErrorCode::shape,
         "sparsification: {} errors and {} uncertainties, expected as many, at least 1", errors.size(), uncertainty.size());
  for (std::size_t i = 0; i < errors.size(); ++i)
    if (!(errors[i] >= 0) || !std::isfinite(errors[i]) || !std::isfinite(uncertainty[i]))
      fail(ErrorCode::domain,
           "sparsification: element {} has error {} and uncertainty {}, expected finite numbers and an error of at least 0", i,
           errors[i], uncertainty[i]);
}

void scale(SparsificationResult& result, double factor) {
  result.ause *= factor;
  result.aurg *= factor;
  for (auto* curve : {&result.curves.method, &result.curves.oracle, &result.curves.random})
    for (double& value : *curve) value *= factor;
}

template <class T>
SparsificationResult sparsify_elements(std::span<const T> errors, std::span<const T> uncertainty, ErrorKind kind,
                                       Sparsification convention) {
  check_inputs(errors, uncertainty);
  Curve method, oracle;
  tbb::parallel_invoke([&] { method = curve_of(errors, uncertainty, kind, convention); },
                       [&] { oracle = curve_of(errors, errors, kind, convention); });
  double loss = 0;
  for (const T error : errors) loss += loss_of(error, kind);
  SparsificationResult result;
  result.elements = errors.size();
  result.error_all = error_of(loss / static_cast<double>(errors.size()), kind);
  result.ause = method.area - oracle.area;
  result.aurg = result.error_all - method.area;
  const std::size_t points = method.error.size();
  result.curves = {std::move(method.removed), std::move(method.error), std::move(oracle.error),
                   std::vector<double>(points, result.error_all)};
  if (convention == Sparsification::normalised) scale(result, result.error_all > 0 ? 1 / result.error_all : 0);
  return result;
}

}  // namespace

SparsificationResult sparsify(std::span<const float> absolute_errors, std::span<const float> uncertainty, ErrorKind kind,
                              Sparsification convention) {
  return sparsify_elements(absolute_errors, uncertainty, kind, convention);
}

SparsificationResult sparsify(std::span<const double> absolute_errors, std::span<const double> uncertainty, ErrorKind kind,
                              Sparsification convention) {
  return sparsify_elements(absolute_errors, uncertainty, kind, convention);
}

const char* sparsification_name(Sparsification convention) {
  switch (convention) {
    case Sparsification::poggi50:
      return "poggi50";
    case Sparsification::exact:
      return "exact";
    case Sparsification::normalised:
      return "normalised";
  }
  fail(ErrorCode::internal, "convention {} has no name", static_cast<int>(convention));
}

const char* error_kind_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::rmse:
      return "rmse";
    case ErrorKind::mae:
      return "mae";
    case ErrorKind::mse:
      return "mse";
  }
  fail(ErrorCode::internal, "error kind {} has no name", static_cast<int>(kind));
}

}  // namespace alea
