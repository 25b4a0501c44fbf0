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

}  // namespace alea
