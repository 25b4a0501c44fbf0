#include <algorithm>

#include "metrics/equal_size.h"
#include "metrics/frechet_bias.h"
#include "protocols/distances.h"
#include "protocols/filtering_measure.h"
#include "protocols/filtering_sets.h"
#include "protocols/set_metrics.h"

namespace alea {
namespace {

constexpr std::uint32_t kBiasDraws = 8;  // their biases differ in the fourth digit

double bias_of(const FilteringInput& input, const std::vector<std::uint32_t>& rows) {
  MomentSums sums(std::vector<double>(input.d, 0.0));
  sums.add(input.view(), rows);
  return frechet_bias_coefficient(sums.covariance(), input.d) / static_cast<double>(rows.size());
}

MetricRow bias_row(double value, std::uint64_t n) {
  MetricRow row = metric_row("", Direction::none, "squared feature distance", n);
  row.value = value;
  return row;
}

}  // namespace

void add_bias_rows(const FilteringInput& input, const FilteringOptions& options, std::vector<MetricRow>& rows) {
  const MetricNames metrics{options.features == "inception" ? "" : options.features, ""};
  const KeptNames names{metrics.of("fid.bias"), "expected bias"};
  const std::uint32_t draws = std::min(kBiasDraws, options.subsets);
  double random = 0;
  for (std::uint32_t draw = 0; draw < draws; ++draw) {
    const auto scores = input.ranked(random_scores(input.ids, options.seed, draw));
    random += bias_of(input, keep_by_score(scores, options.keep, KeepSide::lowest)) / draws;
  }
  MetricRow mean = bias_row(random, options.keep);
  mean.name = names.of("random");
  mean.details = {{"group", names.group},
                  {"subsets", draws},
                  {"note", "added by this many samples of their own law (Gaussian approximation)"}};
  rows.push_back(std::move(mean));
  const auto measure = [&](const StatisticScores& statistic, KeepSide side) {
    const double kept = bias_of(input, keep_by_score(input.ranked(statistic.scores), options.keep, side));
    return KeptPair{bias_row(kept, options.keep), bias_row(random - kept, options.keep)};
  };
  add_kept_rows(input, options, names, measure, rows);
}

void add_distance_rows(const FilteringInput& input, const FilteringOptions& options, const KeptNames& names,
                       const FeatureView& features, const FrechetReference& reference, std::vector<MetricRow>& rows) {
  const FilteringAnalysis analysis(features, input.ids, reference);
  const std::vector<double> no_order(input.ids.size(), 0.0);
  rows.push_back(distance_row(names.of("all"), analysis.kept(no_order, no_order.size(), KeepSide::lowest), no_order.size()));
  rows.back().details = {{"group", "headline"}};
  const RandomSubsets random = analysis.random(options.keep, options.seed, options.subsets, input.classes);
  rows.push_back(distance_row(names.of("random"), random.mean, options.keep));
  rows.back().details = draw_details(random.values);
  rows.back().details["group"] = "headline";
  const auto measure = [&](const StatisticScores& statistic, KeepSide side) {
    const SubsetDistance kept = analysis.kept(input.ranked(statistic.scores), options.keep, side);
    KeptPair pair{distance_row("", kept, options.keep), gain_row("", random.mean, kept, options.keep)};
    for (MetricRow* row : {&pair.kept, &pair.gain})
      row->details = {{"randomisation_p", randomisation_p(kept.value, random.values, Tail::lower)},
                      {"randomisation_p_worse", randomisation_p(kept.value, random.values, Tail::upper)}};
    return pair;
  };
  add_kept_rows(input, options, names, measure, rows);
}

void add_retained_curves(const FilteringInput& input, const FilteringOptions& options, const FrechetReference& reference,
                         ArrayMap& curves) {
  const std::vector<double>& shares = options.retained.shares;
  const std::size_t draws = options.retained.draws;
  const std::vector<std::size_t> kept = kept_of_shares(shares, input.ids.size());
  const std::size_t smallest = *std::ranges::min_element(kept);  // less than planned where images aren't finite
  const std::size_t n = options.retained.n == 0 ? smallest : std::min<std::size_t>(options.retained.n, smallest);
  const EqualSizeDistances distances(input.view(), input.ids, reference, n, options.seed, options.retained.draws);
  curves["retained/shares"] = make_array<double>(shares, {shares.size()});
  const std::uint64_t size = n;
  curves["retained/n"] = make_array<std::uint64_t>(std::span(&size, 1), {1});
  curves["retained/random_fd"] = make_array<double>(distances.random(), {draws});
  for (const StatisticScores& statistic : input.statistics)
    for (const KeepSide side : {KeepSide::lowest, KeepSide::highest}) {
      std::vector<double> values;
      for (const std::size_t keep : kept) {
        const auto of_share = distances.kept(input.ranked(statistic.scores), keep, side);
        values.insert(values.end(), of_share.begin(), of_share.end());
      }
      Array array = make_array<double>(values, {shares.size(), draws});
      array.attributes["meaning"] = "Frechet distance of n of the kept images, by share kept and draw";
      curves[fmt::format("retained/fd.{}.{}", statistic.name, side_name(side))] = std::move(array);
    }
}

}  // namespace alea
