#include "metrics/kid.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "metrics/kernel_sums.h"
#include "metrics/mean_deviation.h"
#include "metrics/neighbours.h"
#include "metrics/numpy_random.h"
#include "metrics/selection.h"

namespace alea {
namespace {

constexpr std::size_t kGroups = kJackknifeGroups;

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
  NumpyRandomState random(options.seed);
  for (RowPair& subset : subsets) {
    subset[0] = random.choice_without_replacement(static_cast<std::uint32_t>(n_a), options.subset_size);
    subset[1] = random.choice_without_replacement(static_cast<std::uint32_t>(n_b), options.subset_size);
  }
  return subsets;
}

GroupSizes group_sizes(const GroupedRows& rows) {
  GroupSizes sizes{};
  for (const std::uint8_t group : rows.groups) ++sizes[group];
  return sizes;
}

/// Mean kernel between two unlike groups.
double block_mean(const KernelSums& within, const GroupSizes& sizes, std::size_t g, std::size_t h) {
  return (within.at(g, h) + within.at(h, g)) / static_cast<double>(sizes[g] * sizes[h]);
}

/// Variance of the estimate that is left where its first-order part vanishes (two sets of one law): 2 E[h^2]/(n(n-1)) with h the
/// kernel centred in both arguments, its square taken from the residuals of the block means after a fit of group effects.
double degenerate_variance(const KernelSums& within, const GroupSizes& sizes, double n) {
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
      squares += residual * residual * static_cast<double>(sizes[g] * sizes[h]);
    }
  return 2 / (n * (n - 1)) * squares / (kG * (kG - 1) / 2 - kG);
}

}  // namespace

Interval kid_interval(double value, std::span<const double> leave_one_out, const KernelSums& within, const GroupSizes& sizes) {
  const Interval jackknife = jackknife_interval(value, leave_one_out);
  const double n = static_cast<double>(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}));
  const bool every_group = std::find(sizes.begin(), sizes.end(), std::size_t{0}) == sizes.end();
  const double variance = every_group ? degenerate_variance(within, sizes, n) : 0;
  const double error = std::sqrt(jackknife.standard_error * jackknife.standard_error + variance);
  const double reach = student_t_quantile(0.975, kGroups - 1) * error;
  return {jackknife.value, error, jackknife.value - reach, jackknife.value + reach};
}

double squared_mmd(const FeatureView& a, const FeatureView& b) {
  check_sets(a, b, 2);
  return mmd_of(all_rows(a), all_rows(b));
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
    result.values[s] = mmd_of(one_group(first, subsets[s][0]), one_group(second, subsets[s][1]));
  });
  const auto [mean, deviation] = mean_deviation(result.values);
  result.mean = mean;
  result.standard_deviation = deviation;
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
    const double left = n_y - static_cast<double>(sizes[g]);
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
  return kid_interval(value, values, within_y, sizes);
}

}  // namespace alea
