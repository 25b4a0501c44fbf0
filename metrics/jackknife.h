#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace alea {

inline constexpr int kJackknifeGroups = 32;

/// Group of a sample: id modulo 32, so that every block holds all groups.
inline int jackknife_group(std::uint64_t id) { return static_cast<int>(id % kJackknifeGroups); }

using GroupSizes = std::array<std::size_t, kJackknifeGroups>;
GroupSizes jackknife_group_sizes(std::span<const std::uint64_t> ids);

/// Error{domain} "WHAT: no id in jackknife group ..." naming the first group that has none.
void expect_every_group(const GroupSizes& sizes, const char* what);

struct Interval {
  double value = 0;           ///< on all samples
  double standard_error = 0;  ///< delete-a-group jackknife
  double low = 0, high = 0;   ///< value -+ t_{0.975, G-1} standard_error
};

/// Delete-a-group jackknife: se^2 = (G-1)/G sum_g (theta_g - mean theta)^2, t with G-1 degrees of freedom.
/// It covers the expectation of the estimator at this N, not the population value. Error{domain} for fewer than 2 groups.
Interval jackknife_interval(double value, std::span<const double> leave_one_out);

/// The mean of values [n] of samples `ids` with its jackknife over the groups that have one; `leave_one_out` gets their values.
/// Error{domain} naming `what` for fewer than 2 groups.
Interval mean_with_jackknife(std::span<const double> values, std::span<const std::uint64_t> ids,
                             std::vector<double>& leave_one_out, const char* what);

/// Quantile of Student's t with `degrees` degrees of freedom.
double student_t_quantile(double probability, double degrees);

}  // namespace alea
