#include "metrics/jackknife.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/error.h"

namespace alea {
namespace {

/// The continued fraction of the incomplete beta function (DLMF 8.17.22), 1/(1 + c_1/(1 + c_2/(1 + ...))), by Lentz's method.
/// It converges in O(sqrt(max(a, b))) terms where x < (a+1)/(a+b+2).
double beta_fraction(double x, double a, double b) {
  constexpr int kMostTerms = 20000;
  double above = 1, below = 0, value = 1;
  for (int term = 1; term <= kMostTerms; ++term) {
    const double m = term / 2;
    const double c = term % 2 == 0 ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                                   : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    below = 1 / (1 + c * below);
    above = 1 + c / above;
    value *= above * below;
    if (std::abs(above * below - 1) <= std::numeric_limits<double>::epsilon()) break;
  }
  return 1 / value;
}

/// Gamma(z + 1/2) / Gamma(z): the difference of two logarithms loses its digits where z is large, the series doesn't.
double gamma_half_ratio(double z) {
  if (z < 50) return std::exp(std::lgamma(z + 0.5) - std::lgamma(z));
  const double w = 1 / (z * z);
  return std::sqrt(z) * std::exp((-1.0 / 8 + w * (1.0 / 192 + w * (-1.0 / 640 + w * (17.0 / 14336)))) / z);
}

/// P(T > t) for t > 0: half the regularised incomplete beta function at degrees/(degrees + t^2).
double student_t_upper_tail(double t, double degrees) {
  const double a = degrees / 2, b = 0.5;
  const double y = t * t / (degrees + t * t), x = degrees / (degrees + t * t);
  const double scale =
      std::exp(-a * std::log1p(t * t / degrees)) * std::sqrt(y) * gamma_half_ratio(a) / std::sqrt(std::numbers::pi);
  if (x < (a + 1) / (a + b + 2)) return 0.5 * scale / a * beta_fraction(x, a, b);
  return 0.5 * (1 - scale / b * beta_fraction(y, b, a));
}

double student_t_density(double t, double degrees) {
  return gamma_half_ratio(degrees / 2) / std::sqrt(degrees * std::numbers::pi) *
         std::exp(-(degrees + 1) / 2 * std::log1p(t * t / degrees));
}

/// t > 0 with P(T > t) = tail: Newton on the logarithm of the tail, inside a bracket that never widens.
double invert_upper_tail(double tail, double degrees) {
  double low = 0, high = 1;
  while (student_t_upper_tail(high, degrees) > tail) {
    low = high;
    high *= 2;
    if (high > 1e150) fail(ErrorCode::domain, "Student t: the quantile with {} degrees of freedom overflows", degrees);
  }
  double t = 0.5 * (low + high);
  for (int step = 0; step < 200; ++step) {
    const double reached = student_t_upper_tail(t, degrees);
    (reached > tail ? low : high) = t;
    double next = t + reached / student_t_density(t, degrees) * std::log(reached / tail);
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    const bool done = std::abs(next - t) <= 2 * std::numeric_limits<double>::epsilon() * t;
    t = next;
    if (done) break;
  }
  return t;
}

}  // namespace

double student_t_quantile(double probability, double degrees) {
  if (!(probability > 0 && probability < 1)) {
    fail(ErrorCode::domain, "Student t: probability {} is outside (0, 1)", probability);
  }
  if (!(degrees > 0 && std::isfinite(degrees))) {
    fail(ErrorCode::domain, "Student t: {} degrees of freedom, expected a positive number", degrees);
  }
  if (probability == 0.5) return 0;
  return probability > 0.5 ? invert_upper_tail(1 - probability, degrees) : -invert_upper_tail(probability, degrees);
}

GroupSizes jackknife_group_sizes(std::span<const std::uint64_t> ids) {
  GroupSizes sizes{};
  for (const std::uint64_t id : ids) ++sizes[jackknife_group(id)];
  return sizes;
}

void expect_every_group(const GroupSizes& sizes, const char* what) {
  const auto empty = std::find(sizes.begin(), sizes.end(), std::size_t{0});
  if (empty != sizes.end())
    fail(ErrorCode::domain, "{}: no id in jackknife group {} of {}: take at least {} consecutive ids", what,
         empty - sizes.begin(), kJackknifeGroups, kJackknifeGroups);
}

Interval jackknife_interval(double value, std::span<const double> leave_one_out) {
  const std::size_t groups = leave_one_out.size();
  if (groups < 2) fail(ErrorCode::domain, "jackknife: {} groups, expected at least 2", groups);
  const auto finite = [](double x) { return std::isfinite(x); };
  if (!finite(value) || !std::all_of(leave_one_out.begin(), leave_one_out.end(), finite)) {
    fail(ErrorCode::domain, "jackknife: the value or one of the {} leave-one-group-out values isn't finite", groups);
  }
  const double count = static_cast<double>(groups);
  double mean = 0, squares = 0;
  for (const double theta : leave_one_out) mean += theta / count;
  for (const double theta : leave_one_out) squares += (theta - mean) * (theta - mean);
  const double error = std::sqrt((count - 1) / count * squares);
  const double reach = student_t_quantile(0.975, count - 1) * error;
  return {value, error, value - reach, value + reach};
}

Interval mean_with_jackknife(std::span<const double> values, std::span<const std::uint64_t> ids,
                             std::vector<double>& leave_one_out, const char* what) {
  std::array<double, kJackknifeGroups> sums{};
  const GroupSizes counts = jackknife_group_sizes(ids);
  double total = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sums[jackknife_group(ids[i])] += values[i];
    total += values[i];
  }
  const double n = static_cast<double>(values.size());
  for (int g = 0; g < kJackknifeGroups; ++g)
    if (counts[g] > 0 && counts[g] < values.size())
      leave_one_out.push_back((total - sums[g]) / (n - static_cast<double>(counts[g])));
  if (leave_one_out.size() < 2)
    fail(ErrorCode::domain, "{}: {} images in one jackknife group, expected at least 2 groups", what, values.size());
  return jackknife_interval(total / n, leave_one_out);
}

}  // namespace alea
