#include "metrics/kid.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "metrics/distance_tiles.h"
#include "metrics/lapack.h"
#include "metrics/neighbours.h"
#include "metrics/numpy_random.h"
#include "metrics/selection.h"

namespace alea {
namespace {

constexpr std::size_t kPanelRows = 256;
constexpr std::size_t kGroups = kJackknifeGroups;

/// A set about the origin m of a frame of scale s: x.y = (framed x . framed y)/s^2 + level x + level y. The float product is of
/// what varies, where errors are small and as often up as down; what rows have in common is in the levels, in double.
struct CentredSet {
  CentredSet(const FeatureView& features, const Frame& frame);
  FramedRows framed;
  double scale = 1;
  std::vector<double> level;  ///< [n] (x - m).m + m.m/2
};

CentredSet::CentredSet(const FeatureView& features, const Frame& frame)
    : framed(features, frame), scale(frame.scale), level(features.n) {
  const auto& m = frame.origin;
  const double half_norm = std::inner_product(m.begin(), m.end(), m.begin(), 0.0) / 2;
  tbb::parallel_for(std::size_t{0}, features.n, [&](std::size_t i) {
    const float* row = features.row(i).data();
    double along = 0;
    for (std::size_t k = 0; k < m.size(); ++k) along += (row[k] - m[k]) * m[k];
    level[i] = along + half_norm;
  });
}

/// Rows of a set in the order in which they are summed: by jackknife group.
struct GroupedRows {
  const CentredSet* set;
  std::vector<std::uint32_t> rows;
  std::vector<std::uint8_t> groups;  ///< of each of rows, ascending
  std::size_t size() const { return rows.size(); }
};

GroupedRows one_group(const CentredSet& set, std::vector<std::uint32_t> rows) {
  const std::size_t n = rows.size();
  return {&set, std::move(rows), std::vector<std::uint8_t>(n, 0)};
}

GroupedRows all_rows(const CentredSet& set) {
  std::vector<std::uint32_t> rows(set.framed.n);
  std::iota(rows.begin(), rows.end(), 0U);
  return one_group(set, std::move(rows));
}

GroupedRows rows_by_group(const CentredSet& set, std::span<const std::uint64_t> ids) {
  GroupedRows grouped = all_rows(set);
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

/// Up to kPanelRows rows, ready for a product.
struct Panel {
  std::size_t first = 0, end = 0;
  std::vector<float> values;   ///< [end - first, d]
  std::vector<double> levels;  ///< [end - first], over d
  std::span<const std::uint8_t> groups;
  std::size_t size() const { return end - first; }
};

Panel load_panel(const GroupedRows& from, std::size_t first) {
  const FramedRows& framed = from.set->framed;
  Panel panel{first, std::min(first + kPanelRows, from.size()), {}, {}, {}};
  panel.groups = std::span(from.groups).subspan(first, panel.size());
  panel.values.reserve(panel.size() * framed.d);
  for (std::size_t i = first; i < panel.end; ++i) {
    const auto row = framed.values.begin() + static_cast<std::ptrdiff_t>(from.rows[i] * framed.d);
    panel.values.insert(panel.values.end(), row, row + static_cast<std::ptrdiff_t>(framed.d));
    panel.levels.push_back(from.set->level[from.rows[i]] / static_cast<double>(framed.d));
  }
  return panel;
}

/// sum_j (factor product_j + level_j + offset)^3 over [count], in eight running sums: the kernel (x.y/d + 1)^3 of one row.
double sum_cubes(const float* products, const double* levels, std::size_t count, double factor, double offset) {
  constexpr std::size_t kLanes = 8;
  double lanes[kLanes] = {};
  const auto kernel = [&](std::size_t j) {
    const double linear = factor * static_cast<double>(products[j]) + (levels[j] + offset);
    return linear * linear * linear;
  };
  const std::size_t whole = count / kLanes * kLanes;
  for (std::size_t j = 0; j < whole; j += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += kernel(j + lane);
  }
  for (std::size_t j = whole; j < count; ++j) lanes[j - whole] += kernel(j);
  return std::accumulate(lanes, lanes + kLanes, 0.0);
}

/// The rows of one panel against those of another, run by run of equal groups.
void add_tile(const Panel& x, const Panel& y, const std::vector<float>& products, double factor, bool only_above_diagonal,
              KernelSums& sums) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float* row = products.data() + i * y.size();
    for (std::size_t j = only_above_diagonal ? i + 1 : 0; j < y.size();) {
      const auto run_end = std::upper_bound(y.groups.begin() + static_cast<std::ptrdiff_t>(j), y.groups.end(), y.groups[j]);
      const auto next = static_cast<std::size_t>(run_end - y.groups.begin());
      sums.at(x.groups[i], y.groups[j]) += sum_cubes(row + j, y.levels.data() + j, next - j, factor, x.levels[i] + 1);
      j = next;
    }
  }
}

/// The panels of a set that is small enough, gathered once for all the panels that they meet.
class LoadedPanels {
 public:
  explicit LoadedPanels(const GroupedRows& from) : from_(from) {
    constexpr std::size_t kMostPanels = 8;
    if (from.size() > kMostPanels * kPanelRows) return;
    for (std::size_t first = 0; first < from.size(); first += kPanelRows) panels_.push_back(load_panel(from, first));
  }
  const Panel& get(std::size_t first, Panel& fresh) const {
    if (!panels_.empty()) return panels_[first / kPanelRows];
    fresh = load_panel(from_, first);
    return fresh;
  }

 private:
  const GroupedRows& from_;
  std::vector<Panel> panels_;
};

/// Over all pairs of a and b or, for b = nullptr, over the unordered pairs of two rows of a. Panels of a are spread over threads
/// and added in order.
KernelSums kernel_sums(const GroupedRows& a, const GroupedRows* b) {
  const GroupedRows& other = b != nullptr ? *b : a;
  const std::size_t d = a.set->framed.d, panels = (a.size() + kPanelRows - 1) / kPanelRows;
  const double factor = 1 / (a.set->scale * a.set->scale * static_cast<double>(d));
  std::vector<KernelSums> of_panel(panels);
  const LoadedPanels columns(other);
  tbb::parallel_for(std::size_t{0}, panels, [&](std::size_t panel) {
    const SingleThreadedBlas one_thread;
    const Panel x = load_panel(a, panel * kPanelRows);
    std::vector<float> products;
    for (std::size_t column = b != nullptr ? 0 : x.first; column < other.size(); column += kPanelRows) {
      Panel fresh;
      const Panel& y = columns.get(column, fresh);
      products.resize(x.size() * y.size());
      multiply(Transpose::no, x.values, Transpose::yes, y.values, products, x.size(), y.size(), d);
      add_tile(x, y, products, factor, b == nullptr && column == x.first, of_panel[panel]);
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

double mmd_of(const GroupedRows& a, const GroupedRows& b) {
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

/// Mean kernel between two unlike groups.
double block_mean(const KernelSums& within, const std::array<double, kGroups>& sizes, std::size_t g, std::size_t h) {
  return (within.at(g, h) + within.at(h, g)) / (sizes[g] * sizes[h]);
}

/// Variance of the estimate that is left where its first-order part vanishes (two sets of one law): 2 E[h^2]/(n(n-1)) with h the
/// kernel centred in both arguments, its square taken from the residuals of the block means after a fit of group effects.
double degenerate_variance(const KernelSums& within, const std::array<double, kGroups>& sizes, double n) {
  constexpr double kG = kGroups;
  std::array<double, kGroups> row{};
  double all = 0;
  for (std::size_t g = 0; g < kGroups; ++g)
    for (std::size_t h = 0; h < kGroups; ++h)
      if (h != g) row[g] += block_mean(within, sizes, g, h) / (kG - 1);
  for (const double mean : row) all += mean / kG;
  double squares = 0;
  for (std::size_t g = 0; g < kGroups; ++g)
    for (std::size_t h = g + 1; h < kGroups; ++h) {
      const double effects = (row[g] + row[h] - 2 * all) * (kG - 1) / (kG - 2);
      const double residual = block_mean(within, sizes, g, h) - all - effects;
      squares += residual * residual * sizes[g] * sizes[h];
    }
  return 2 / (n * (n - 1)) * squares / (kG * (kG - 1) / 2 - kG);
}

/// The jackknife alone holds an expectation near 0 in 91% of cases, since there the estimate is skewed and its error varies with
/// it.
Interval widened(const Interval& jackknife, double variance) {
  const double error = std::sqrt(jackknife.standard_error * jackknife.standard_error + variance);
  const double reach = student_t_quantile(0.975, kGroups - 1) * error;
  return {jackknife.value, error, jackknife.value - reach, jackknife.value + reach};
}

}  // namespace

double squared_mmd(const FeatureView& a, const FeatureView& b) {
  check_sets(a, b, 2);
  const Frame frame = common_frame(a, b);
  const CentredSet x(a, frame), y(b, frame);
  return mmd_of(all_rows(x), all_rows(y));
}

KidSubsets kid(const FeatureView& first, const FeatureView& second, const KidOptions& options) {
  constexpr std::uint32_t kMostSubsets = 1U << 15;
  if (options.subsets == 0 || options.subsets > kMostSubsets || options.subset_size < 2) {
    fail(ErrorCode::domain, "KID: {} subsets of {} rows, expected 1 to {} subsets of at least 2 rows", options.subsets,
         options.subset_size, kMostSubsets);
  }
  check_sets(first, second, options.subset_size);
  const std::vector<RowPair> subsets = draw_subsets(first.n, second.n, options);
  const Frame frame = common_frame(first, second);
  const CentredSet x(first, frame), y(second, frame);
  KidSubsets result;
  result.values.resize(subsets.size());
  tbb::parallel_for(std::size_t{0}, subsets.size(),
                    [&](std::size_t s) { result.values[s] = mmd_of(one_group(x, subsets[s][0]), one_group(y, subsets[s][1])); });
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
  const Frame frame = common_frame(real, generated);
  const CentredSet real_set(real, frame), generated_set(generated, frame);
  const GroupedRows x = all_rows(real_set), y = rows_by_group(generated_set, ids);
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
  const double value = unbiased_mmd(within_x, n_x, within_y.total(), n_y, between.total());
  return widened(jackknife_interval(value, values), degenerate_variance(within_y, sizes, n_y));
}

}  // namespace alea
