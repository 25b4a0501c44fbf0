#pragma once

#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "metrics/gaussian_moments.h"
#include "metrics/jackknife.h"

namespace alea {

/// Rows of a set in the order in which they are summed: by jackknife group.
struct GroupedRows {
  FeatureView features;
  std::vector<std::uint32_t> rows;
  std::vector<std::uint8_t> groups;  ///< of each of rows, ascending
  std::size_t size() const { return rows.size(); }
};

GroupedRows one_group(const FeatureView& features, std::vector<std::uint32_t> rows);
GroupedRows all_rows(const FeatureView& features);
GroupedRows rows_by_group(const FeatureView& features, std::span<const std::uint64_t> ids);

/// Sums of the kernel over pairs, by the groups of both.
struct KernelSums {
  std::array<double, kJackknifeGroups * kJackknifeGroups> by_groups{};
  double& at(std::size_t a, std::size_t b) { return by_groups[a * kJackknifeGroups + b]; }
  double at(std::size_t a, std::size_t b) const { return by_groups[a * kJackknifeGroups + b]; }
  double total() const { return std::accumulate(by_groups.begin(), by_groups.end(), 0.0); }
};

/// Sums of (x.y/d + 1)^3, in double throughout, over all pairs of a and b or, for b = nullptr, over the unordered pairs of two
/// rows of a. Panels of a are spread over threads and added in order.
KernelSums kernel_sums(const GroupedRows& a, const GroupedRows* b);

/// The same sums by row: [a.size(), kJackknifeGroups], of each row of a with the rows of each group of b. `same_set`: both are
/// rows of one set, and no row is paired with itself.
std::vector<double> kernel_row_sums(const GroupedRows& a, const GroupedRows& b, bool same_set);

/// The U-statistic of Gretton et al. 2012 (JMLR 13, eq. 3) from sums of the kernel, those within a set over unordered pairs.
double unbiased_mmd(double within_a, double n_a, double within_b, double n_b, double between);

}  // namespace alea
