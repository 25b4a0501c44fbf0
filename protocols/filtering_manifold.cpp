#include <array>

#include "metrics/subset_manifold.h"
#include "protocols/filtering_sets.h"
#include "protocols/set_metrics.h"

namespace alea {
namespace {

struct Part {
  const char* name;
  ManifoldMetric ManifoldMetrics::*of;
  std::vector<double> RandomManifolds::*draws;
};
constexpr std::array<Part, 4> kParts = {{{"precision", &ManifoldMetrics::precision, &RandomManifolds::precision},
                                         {"recall", &ManifoldMetrics::recall, &RandomManifolds::recall},
                                         {"density", &ManifoldMetrics::density, &RandomManifolds::density},
                                         {"coverage", &ManifoldMetrics::coverage, &RandomManifolds::coverage}}};

MetricRow manifold_row(const ManifoldMetric& metric, std::uint64_t n) {
  MetricRow row = metric_row("", Direction::higher, "1", n);
  row.value = metric.value;
  row.leave_one_out = metric.leave_one_out;
  row.half_differences = metric.half_differences;
  row.interval = metric.interval();
  return row;
}

std::vector<double> difference_of(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = a[i] - b.at(i);
  return out;
}

/// Kept minus random: positive where more is kept of what is good.
ManifoldMetric gain_of(const ManifoldMetric& kept, const ManifoldMetric& random) {
  return {kept.value - random.value, difference_of(kept.leave_one_out, random.leave_one_out),
          difference_of(kept.half_differences, random.half_differences)};
}

KeptNames names_of(const Part& part, const FilteringOptions& options) {
  return {MetricNames{"", options.features}.of_manifold(part.name), "precision and recall"};
}

struct Found {
  const StatisticScores* statistic;
  KeepSide side;
  ManifoldMetrics metrics;
};

Json conventions(const FilteringOptions& options, const RealFeatures& real, const ManifoldMetrics& metrics) {
  return {{"k", options.manifold.k},
          {"rim", options.manifold.rim},
          {"real_n", real.n},
          {"zero_radii", {{"real", metrics.zero_radii_real}, {"generated", metrics.zero_radii_generated}}}};
}

void add_part(const FilteringInput& input, const FilteringOptions& options, const RealFeatures& real, const Part& part,
              const RandomManifolds& random, const std::vector<Found>& all, std::vector<MetricRow>& rows) {
  const KeptNames names = names_of(part, options);
  const std::vector<double>& draws = random.*part.draws;
  MetricRow mean = manifold_row(random.mean.*part.of, options.keep);
  mean.name = names.of("random");
  mean.details = draw_details(draws);
  mean.details["group"] = "headline";
  mean.details["note"] = fmt::format("k = {}, {} rim", options.manifold.k, options.manifold.rim);
  rows.push_back(std::move(mean));
  const auto measure = [&](const StatisticScores& statistic, KeepSide side) {
    const auto found =
        std::ranges::find_if(all, [&](const Found& one) { return one.statistic == &statistic && one.side == side; });
    const ManifoldMetric& kept = found->metrics.*part.of;
    KeptPair pair{manifold_row(kept, options.keep), manifold_row(gain_of(kept, random.mean.*part.of), options.keep)};
    pair.kept.details = conventions(options, real, found->metrics);
    for (MetricRow* row : {&pair.kept, &pair.gain}) {
      row->details["randomisation_p"] = randomisation_p(kept.value, draws, Tail::upper);
      row->details["randomisation_p_worse"] = randomisation_p(kept.value, draws, Tail::lower);
    }
    return pair;
  };
  add_kept_rows(input, options, names, measure, rows);
}

}  // namespace

void add_manifold_rows(const FilteringInput& input, const FilteringOptions& options, const RealFeatures& real,
                       std::vector<MetricRow>& rows, ArrayMap& curves) {
  if (const std::string why = why_no_manifold(input.ids, options.keep, real.n, options.manifold.k); !why.empty()) {
    for (const Part& part : kParts) add_null_kept_rows(names_of(part, options), Direction::higher, why, rows);
    return;
  }
  const ManifoldOptions manifold{
      .k = options.manifold.k, .rim = options.manifold.rim == "open" ? ManifoldOptions::Rim::open : ManifoldOptions::Rim::closed};
  const SubsetManifold subsets(real.view(), input.view(), input.ids, options.keep, manifold);
  const RandomManifolds random = subsets.random(options.keep, options.seed, options.subsets, input.classes);
  std::vector<Found> all;
  for (const StatisticScores& statistic : input.statistics)
    for (const KeepSide side : {KeepSide::lowest, KeepSide::highest})
      all.push_back({&statistic, side, subsets.kept(input.ranked(statistic.scores), options.keep, side)});
  for (const Part& part : kParts) {
    add_part(input, options, real, part, random, all, rows);
    const std::vector<double>& draws = random.*part.draws;
    curves[fmt::format("subsets/random_{}", part.name)] = make_array<double>(draws, {draws.size()});
  }
}

}  // namespace alea
