#include "metrics/kid.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "metrics/lapack.h"
#include "metrics/neighbours.h"
#include "metrics/numpy_random.h"
#include "metrics/selection.h"

namespace alea {
namespace {

constexpr std::size_t kPanelRows = 256;
constexpr std::size_t kGroups = kJackknifeGroups;

/// Rows of a set in the order in which they are summed: by jackknife group.
struct GroupedRows {
  FeatureView features;
  std::vector<std::uint32_t> rows;
  std::vector<std::uint8_t> groups;  ///< of each of rows, ascending
  std::size_t size() const { return rows.size(); }
};

GroupedRows one_group(const FeatureView& features, std::vector<std::uint32_t> rows) {
  const std::size_t n = rows.size();
  return {features, std::move(rows), std::vector<std::uint8_t>(n, 0)};
}

GroupedRows all_rows(const FeatureView& features) {
  std::vector<std::uint32_t> rows(features.n);
  std::iota(rows.begin(), rows.end(), 0U);
  return one_group(features, std::move(rows));
}

GroupedRows rows_by_group(const FeatureView& features, std::span<const std::uint64_t> ids) {
  GroupedRows grouped = all_rows(features);
  const auto group = [&](std::uint32_t row) { return jackknife_group(ids[row]); };
  std::stable_sort(grouped.rows.begin(), grouped.rows.end(), [&](auto a, auto b) { return group(a) < group(b); });
  std::transform(grouped.rows.begin(), grouped.rows.end(), grouped.groups.begin(), group);
  return grouped;
}

/// Sums of the kernel over pairs, by the groups of both.
struct KernelSums {
  std::array<double, kGroups * kGroups> by_groups{};
  double& at(std::size_t a, std::size_t b) { return by_groups[a * kGroups + b]; }
  double at(std::size_t a, std::size_t b) const { return by_groups[a * kGroups + b]; }
  double total() const { return std::accumulate(by_groups.begin(), by_groups.end(), 0.0); }
};

/// (x.y/d + 1)^3
double cubic_kernel(double dot, double inverse_width) {
  const double linear = dot * inverse_width + 1;
  return linear * linear * linear;
}

/// Sum of the kernel over products [count], in eight running sums.
double sum_kernel(const double* products, std::size_t count, double inverse_width) {
  constexpr std::size_t kLanes = 8;
  double lanes[kLanes] = {};
  const std::size_t whole = count / kLanes * kLanes;
  for (std::size_t k = 0; k < whole; k += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += cubic_kernel(products[k + lane], inverse_width);
  }
  for (std::size_t k = whole; k < count; ++k) lanes[k - whole] += cubic_kernel(products[k], inverse_width);
  return std::accumulate(lanes, lanes + kLanes, 0.0);
}

std::size_t panel_end(const GroupedRows& rows, std::size_t begin) { return std::min(begin + kPanelRows, rows.size()); }

void load_panel(const GroupedRows& from, std::size_t begin, std::vector<double>& panel) {
  panel.resize((panel_end(from, begin) - begin) * from.features.d);
  auto target = panel.begin();
  for (std::size_t i = begin; i < panel_end(from, begin); ++i) {
    const auto row = from.features.row(from.rows[i]);
    target = std::copy(row.begin(), row.end(), target);
  }
}

/// The rows of one panel of a against the columns of one of b, run by run of equal groups.
void add_tile(const GroupedRows& a, std::size_t first_a, const GroupedRows& b, std::size_t first_b,
              const std::vector<double>& products, bool only_above_diagonal, KernelSums& sums) {
  const double inverse_width = 1.0 / static_cast<double>(a.features.d);
  const std::size_t end_b = panel_end(b, first_b);
  for (std::size_t i = first_a; i < panel_end(a, first_a); ++i) {
    const double* row = products.data() + (i - first_a) * (end_b - first_b);
    for (std::size_t j = only_above_diagonal ? i + 1 : first_b; j < end_b;) {
      const auto end = std::upper_bound(b.groups.begin() + static_cast<std::ptrdiff_t>(j),
                                        b.groups.begin() + static_cast<std::ptrdiff_t>(end_b), b.groups[j]);
      const auto next = static_cast<std::size_t>(end - b.groups.begin());
      sums.at(a.groups[i], b.groups[j]) += sum_kernel(row + (j - first_b), next - j, inverse_width);
      j = next;
    }
  }
}

/// Over all pairs of a and b or, for b = nullptr, over the unordered pairs of two rows of a. Panels of a are spread over threads
/// and added in order.
KernelSums kernel_sums(const GroupedRows& a, const GroupedRows* b) {
  const GroupedRows& other = b != nullptr ? *b : a;
  const std::size_t panels = (a.size() + kPanelRows - 1) / kPanelRows;
  std::vector<KernelSums> of_panel(panels);
  tbb::parallel_for(std::size_t{0}, panels, [&](std::size_t panel) {
    const SingleThreadedBlas one_thread;
    const std::size_t first = panel * kPanelRows;
    std::vector<double> x, y, products;
    load_panel(a, first, x);
    for (std::size_t column = b != nullptr ? 0 : first; column < other.size(); column += kPanelRows) {
      load_panel(other, column, y);
      const std::size_t rows = panel_end(a, first) - first, columns = panel_end(other, column) - column;
      products.resize(rows * columns);
      multiply(Transpose::no, x, Transpose::yes, y, products, rows, columns, a.features.d);
      add_tile(a, first, other, column, products, b == nullptr && column == first, of_panel[panel]);
    }
  });
  KernelSums sums;
  for (const KernelSums& part : of_panel) {
    for (std::size_t cell = 0; cell < sums.by_groups.size(); ++cell) sums.by_groups[cell] += part.by_groups[cell];
  }
  return sums;
}

/// The U-statistic; `within` sums are over unordered pairs.
double unbiased_mmd(double within_a, double n_a, double within_b, double n_b, double between) {
  return 2 * within_a / (n_a * (n_a - 1)) + 2 * within_b / (n_b * (n_b - 1)) - 2 * between / (n_a * n_b);
}

double squared_mmd(const GroupedRows& a, const GroupedRows& b) {
  return unbiased_mmd(kernel_sums(a, nullptr).total(), static_cast<double>(a.size()), kernel_sums(b, nullptr).total(),
                      static_cast<double>(b.size()), kernel_sums(a, &b).total());
}

void check_sets(const FeatureView& a, const FeatureView& b, std::size_t least_rows) {
  if (a.d != b.d) fail(ErrorCode::shape, "KID: features of width {} and {}, expected equal widths", a.d, b.d);
  expect_finite_rows(a, "KID, first set");
  expect_finite_rows(b, "KID, second set");
  if (std::min(a.n, b.n) < least_rows) {
    fail(ErrorCode::domain, "KID: {} and {} rows, expected at least {} in each: give more samples or a smaller subset size", a.n,
         b.n, least_rows);
  }
}

using RowPair = std::array<std::vector<std::uint32_t>, 2>;

/// Draw 2 s for the first set of subset s, 2 s + 1 for the second: equal sizes don't mean equal rows.
std::vector<RowPair> draw_subsets(std::size_t n_a, std::size_t n_b, const KidOptions& options) {
  std::vector<RowPair> subsets(options.subsets);
  if (options.draw == KidOptions::Draw::philox) {
    tbb::parallel_for(std::uint32_t{0}, options.subsets, [&](std::uint32_t s) {
      subsets[s] = {random_subset(n_a, options.subset_size, options.seed, 2 * s),
                    random_subset(n_b, options.subset_size, options.seed, 2 * s + 1)};
    });
    return subsets;
  }
  if (options.seed > std::numeric_limits<std::uint32_t>::max()) {
    fail(ErrorCode::domain, "KID: seed {}, expected at most 4294967295 for numpy_legacy", options.seed);
  }
  NumpyRandomState random(static_cast<std::uint32_t>(options.seed));
  for (RowPair& subset : subsets) {
    subset[0] = random.choice_without_replacement(static_cast<std::uint32_t>(n_a), options.subset_size);
    subset[1] = random.choice_without_replacement(static_cast<std::uint32_t>(n_b), options.subset_size);
  }
  return subsets;
}

std::array<double, kGroups> group_sizes(const GroupedRows& rows) {
  std::array<double, kGroups> sizes{};
  for (const std::uint8_t group : rows.groups) ++sizes[group];
  return sizes;
}

}  // namespace

double squared_mmd(const FeatureView& a, const FeatureView& b) {
  check_sets(a, b, 2);
  return squared_mmd(all_rows(a), all_rows(b));
}

KidSubsets kid(const FeatureView& first, const FeatureView& second, const KidOptions& options) {
  constexpr std::uint32_t kMostSubsets = 1U << 15;
  if (options.subsets == 0 || options.subsets > kMostSubsets || options.subset_size < 2) {
    fail(ErrorCode::domain, "KID: {} subsets of {} rows, expected 1 to {} subsets of at least 2 rows", options.subsets,
         options.subset_size, kMostSubsets);
  }
  check_sets(first, second, options.subset_size);
  const std::vector<RowPair> subsets = draw_subsets(first.n, second.n, options);
  KidSubsets result;
  result.values.resize(subsets.size());
  tbb::parallel_for(std::size_t{0}, subsets.size(), [&](std::size_t s) {
    result.values[s] = squared_mmd(one_group(first, subsets[s][0]), one_group(second, subsets[s][1]));
  });
  const double count = static_cast<double>(subsets.size());
  for (const double value : result.values) result.mean += value / count;
  double squares = 0;
  for (const double value : result.values) squares += (value - result.mean) * (value - result.mean);
  result.standard_deviation = std::sqrt(squares / count);
  return result;
}

Interval kid_interval(const FeatureView& real, const FeatureView& generated, std::span<const std::uint64_t> ids,
                      std::vector<double>* leave_one_out) {
  check_sets(real, generated, 2);
  if (ids.size() != generated.n) fail(ErrorCode::shape, "KID: {} ids for {} generated rows", ids.size(), generated.n);
  const GroupedRows x = all_rows(real), y = rows_by_group(generated, ids);
  const auto sizes = group_sizes(y);
  const double n_x = static_cast<double>(x.size()), n_y = static_cast<double>(y.size());
  const double within_x = kernel_sums(x, nullptr).total();
  const KernelSums within_y = kernel_sums(y, nullptr), between = kernel_sums(x, &y);
  std::vector<double> values;
  for (std::size_t g = 0; g < kGroups; ++g) {
    const double left = n_y - sizes[g];
    if (sizes[g] == 0 || left < 2) {
      fail(ErrorCode::domain, "KID: {} of {} generated rows in jackknife group {}, expected at least 1 and 2 others", sizes[g],
           n_y, g);
    }
    double pairs = within_y.at(g, g);
    for (std::size_t other = 0; other < kGroups; ++other) pairs += other == g ? 0 : within_y.at(g, other) + within_y.at(other, g);
    values.push_back(unbiased_mmd(within_x, n_x, within_y.total() - pairs, left, between.total() - between.at(0, g)));
  }
  if (leave_one_out != nullptr) *leave_one_out = values;
  return jackknife_interval(unbiased_mmd(within_x, n_x, within_y.total(), n_y, between.total()), values);
}

}  // namespace alea
