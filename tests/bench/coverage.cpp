// How often a 95% interval holds the expectation of its estimator at its N. Prints a Markdown table; the committed one is
// results/coverage.md.
//     alea_coverage [trials] [seed]

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "core/philox.h"
#include "metrics/frechet.h"
#include "metrics/kid.h"
#include "metrics/lapack.h"
#include "metrics/precision_recall.h"
#include "metrics/selection.h"
#include "metrics/sparsification.h"

namespace alea {
namespace {

constexpr std::size_t kReal = 600, kWidth = 8;
constexpr std::uint32_t kSubsets = 8, kResamples = 100;

struct Estimate {
  std::string name;
  Interval interval;
};
/// With `intervals` false only the values are wanted.
using Trial = std::function<std::vector<Estimate>(std::uint64_t seed, bool intervals)>;

struct Law {
  double shift = 0, scale = 1;
};

std::vector<float> draw(std::uint64_t seed, std::size_t n, const Law& law) {
  std::vector<float> values(n * kWidth);
  fill_normal({.seed = seed}, values);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] =
        static_cast<float>((law.shift * (i % kWidth == 0) + law.scale * values[i]) / (1 + 0.3 * static_cast<double>(i % kWidth)));
  return values;
}

std::vector<std::uint64_t> ids_of(std::size_t n) {
  std::vector<std::uint64_t> ids(n);
  std::iota(ids.begin(), ids.end(), std::uint64_t{0});
  return ids;
}

/// The real set is one and the same in every trial: intervals hold it fixed.
struct Real {
  std::vector<float> values = draw(987654321, kReal, {});
  FeatureView view{values, kReal, kWidth};
  FrechetReference reference{fit_gaussian(view)};
};

const Real& real() {
  static const Real set;
  return set;
}

/// A score that sees half of the coordinates: it tells the far from the near ones, but is no oracle.
std::vector<double> half_norms(const FeatureView& features) {
  std::vector<double> scores(features.n, 0.0);
  for (std::size_t i = 0; i < features.n; ++i)
    for (const float x : features.row(i).first(features.d / 2)) scores[i] += double{x} * x;
  return scores;
}

/// What alea doesn't do: the 2.5% and 97.5% percentiles of distances of samples drawn with replacement.
Interval bootstrap_interval(const FeatureView& features, double value, std::uint64_t seed) {
  std::vector<double> replicates;
  std::vector<std::uint32_t> rows(features.n);
  for (std::uint32_t r = 0; r < kResamples; ++r) {
    fill_words({.seed = seed, .stream = Stream::subset, .pass = r}, rows);
    for (std::uint32_t& row : rows) row = static_cast<std::uint32_t>(std::uint64_t{row} * features.n >> 32);
    MomentSums sums(real().reference.gaussian().mean);
    sums.add(features, rows);
    replicates.push_back(real().reference.distance(fit_gaussian(sums)));
  }
  std::ranges::sort(replicates);
  const auto percentile = [&](double p) {
    const double place = p * (kResamples - 1);
    const auto below = static_cast<std::size_t>(place);
    return std::lerp(replicates[below], replicates[below + 1], place - static_cast<double>(below));
  };
  const double low = percentile(0.025), high = percentile(0.975);
  return {value, (high - low) / (2 * 1.96), low, high};
}

std::vector<Estimate> frechet_trial(std::uint64_t seed, std::size_t n, const Law& law, bool intervals) {
  const auto values = draw(seed, n, law);
  const FeatureView features{values, n, kWidth};
  const auto ids = ids_of(n);
  const FilteringAnalysis analysis(features, ids, real().reference);
  const std::size_t keep = n * 5 / 6;
  const auto all = analysis.kept(std::vector<double>(n, 0.0), n, KeepSide::lowest);
  const auto kept = analysis.kept(half_norms(features), keep, KeepSide::lowest);
  const auto random = analysis.random(keep, 7, kSubsets).mean;
  std::vector<double> gains(kept.leave_one_out.size());
  std::ranges::transform(random.leave_one_out, kept.leave_one_out, gains.begin(), std::minus<>());
  return {{"FD", jackknife_interval(all.value, all.leave_one_out)},
          {"FD of a filter's choice", jackknife_interval(kept.value, kept.leave_one_out)},
          {"FD, gain over random subsets", jackknife_interval(random.value - kept.value, gains)},
          {"FD, percentile bootstrap", intervals ? bootstrap_interval(features, all.value, seed) : Interval{all.value, 0, 0, 0}}};
}

std::vector<Estimate> kid_trial(std::uint64_t seed, std::size_t n, const Law& law, bool intervals) {
  const auto values = draw(seed, n, law);
  const FeatureView features{values, n, kWidth};
  if (!intervals) return {{"KID", {squared_mmd(real().view, features), 0, 0, 0}}};
  return {{"KID", kid_interval(real().view, features, ids_of(n))}};
}

std::vector<Estimate> manifold_trial(std::uint64_t seed, std::size_t n, const Law& law, bool intervals) {
  const auto values = draw(seed, n, law);
  const auto ids = ids_of(intervals ? n : 0);
  const auto found = manifold_metrics(real().view, {values, n, kWidth}, ids, {});
  const auto interval = [&](const ManifoldMetric& metric) {
    return intervals ? metric.interval() : Interval{metric.value, 0, 0, 0};
  };
  return {{"precision", interval(found.precision)},
          {"recall", interval(found.recall)},
          {"density", interval(found.density)},
          {"coverage", interval(found.coverage)}};
}

/// Images of 64 elements whose errors have the stated uncertainty times a factor of the image, so that elements of one image
/// aren't independent.
std::vector<Estimate> ause_trial(std::uint64_t seed, std::size_t n) {
  constexpr std::size_t kElements = 64;
  std::vector<float> errors(n * kElements), uncertainty(n * kElements), factors(n);
  fill_normal({.seed = seed, .id = 1}, errors);
  fill_uniform({.seed = seed, .id = 2}, uncertainty);
  fill_uniform({.seed = seed, .id = 3}, factors);
  for (std::size_t i = 0; i < errors.size(); ++i)
    errors[i] = std::abs(errors[i]) * uncertainty[i] * (0.5f + 2 * factors[i / kElements]);
  const auto found = sparsify_images(errors, uncertainty, {}, ids_of(n), ErrorKind::rmse, Sparsification::exact);
  return {{"AUSE", found.ause}, {"AURG", found.aurg}};
}

std::vector<std::vector<Estimate>> run_trials(const Trial& trial, std::uint64_t first, std::size_t count, bool intervals) {
  std::vector<std::vector<Estimate>> results(count);
  tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) {
    const SingleThreadedBlas one_thread;
    results[i] = trial(first + i, intervals);
  });
  return results;
}

void print_rows(const std::string& setting, const Trial& trial, std::uint64_t seed, std::size_t trials) {
  const auto results = run_trials(trial, seed, trials, true), independent = run_trials(trial, seed + trials, 2 * trials, false);
  for (std::size_t m = 0; m < results.front().size(); ++m) {
    double expectation = 0, held = 0, width = 0, square = 0;
    for (const auto& result : independent) {
      expectation += result[m].interval.value / static_cast<double>(independent.size());
      square += result[m].interval.value * result[m].interval.value / static_cast<double>(independent.size());
    }
    for (const auto& result : results) {
      held += (result[m].interval.low <= expectation && expectation <= result[m].interval.high) / static_cast<double>(trials);
      width += result[m].interval.standard_error / static_cast<double>(trials);
    }
    std::printf("| %s | %s | %.5g | %.3g | %.3g | %.1f %% |\n", results.front()[m].name.c_str(), setting.c_str(), expectation,
                std::sqrt(std::max(square - expectation * expectation, 0.0)), width, 100 * held);
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace alea

int main(int argc, char** argv) {
  using namespace alea;
  const std::size_t trials = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2000;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::printf(
      "| metric | setting | expectation | true sd | mean se | 95%% intervals that hold it |\n| --- | --- | --- | --- | "
      "--- | --- |\n");
  const Law same{}, far{1.5, 1.2}, near{0.35, 1};
  for (const std::size_t n : {320, 640}) {
    const std::string size = ", n = " + std::to_string(n);
    for (const auto& [name, law] : {std::pair{"same law", same}, {"near", near}, {"far", far}}) {
      print_rows(
          name + size, [&](std::uint64_t s, bool intervals) { return frechet_trial(s, n, law, intervals); }, seed, trials);
      print_rows(
          name + size, [&](std::uint64_t s, bool intervals) { return kid_trial(s, n, law, intervals); }, seed, trials);
      print_rows(
          name + size, [&](std::uint64_t s, bool intervals) { return manifold_trial(s, n, law, intervals); }, seed, trials);
    }
    print_rows(
        "64 elements an image" + size, [&](std::uint64_t s, bool) { return ause_trial(s, n); }, seed, trials);
  }
}
