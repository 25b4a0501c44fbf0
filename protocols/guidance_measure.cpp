#include "protocols/guidance_measure.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "protocols/distances.h"

namespace alea {
namespace {

constexpr std::size_t kDecidingStrength = 1;

/// Of all rows.
SubsetDistance distance_of(const FeatureView& features, const GuidanceInput& input, const FrechetReference& reference) {
  const std::vector<double> no_order(input.ids.size(), 0.0);
  return FilteringAnalysis(features, input.ids, reference).kept(no_order, input.ids.size(), KeepSide::lowest);
}

/// Gains where each id's two images are dealt to the arms by lot: what the difference of the arms would be if there were none.
std::vector<double> gains_by_lot(const GuidanceInput& input, const GuidedRunOptions& options, const FrechetReference& reference) {
  const std::size_t n = input.ids.size();
  std::vector<float> both = input.unguided;
  both.insert(both.end(), input.guided.begin(), input.guided.end());
  const FeatureView view{both, 2 * n, input.d};
  MomentSums all(reference.gaussian().mean);
  all.add(view);
  std::vector<double> out;
  for (std::uint32_t draw = 0; draw < options.swaps; ++draw) {
    const auto lots = random_scores(input.ids, options.seed, draw);
    std::vector<std::uint32_t> first(n);
    for (std::size_t i = 0; i < n; ++i) first[i] = static_cast<std::uint32_t>(lots[i] < 0.5 ? i : n + i);
    MomentSums one(reference.gaussian().mean), other = all;
    one.add(view, first);
    other -= one;
    out.push_back(reference.distance(fit_gaussian(one)) - reference.distance(fit_gaussian(other)));
  }
  return out;
}

double standard_deviation(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (n - 1));
}

/// Mean over the images, with the jackknife over the same groups as the distances.
MetricRow ratio_row(const GuidanceInput& input) {
  MetricRow row = metric_row("guidance.ratio", Direction::none, "1", input.ids.size());
  row.interval = mean_with_jackknife(input.ratios, input.ids, row.leave_one_out, "guidance.ratio");
  row.value = row.interval->value;
  row.details = {{"group", "headline"}, {"note", "how far eps is moved, in its own length"}};
  return row;
}

/// What taking planted defects away from the guided arm gains.
MetricRow oracle_row(const GuidanceInput& input, const GuidedRunOptions& options, const FrechetReference& reference,
                     std::size_t strength, const SubsetDistance& sound) {
  std::vector<float> features = input.guided;
  for (std::size_t j = 0; j < input.planted_rows.size(); ++j)
    std::copy_n(input.planted_features[strength].begin() + static_cast<std::ptrdiff_t>(j * input.d), input.d,
                features.begin() + static_cast<std::ptrdiff_t>(input.planted_rows[j] * input.d));
  const double grey_levels = options.planted_strengths[strength];
  MetricRow row = gain_row("gain." + distance_name(options.features, fmt::format("oracle.{}", grey_levels)),
                           distance_of(input.view(features), input, reference), sound, input.ids.size());
  row.details = {{"group", "controls"}, {"planted", input.planted_rows.size()}, {"strength_grey_levels", grey_levels}};
  return row;
}

}  // namespace

std::vector<MetricRow> guidance_rows(const GuidanceInput& input, const GuidedRunOptions& options,
                                     const FrechetReference& reference, std::vector<std::string>& reasons) {
  const std::uint64_t n = input.ids.size();
  const auto fd = [&](const char* rest) { return distance_name(options.features, rest); };
  const SubsetDistance unguided = distance_of(input.view(input.unguided), input, reference),
                       guided = distance_of(input.view(input.guided), input, reference);
  std::vector<MetricRow> rows{distance_row(fd("unguided"), unguided, n), distance_row(fd("guided"), guided, n),
                              gain_row("gain." + fd("guided"), unguided, guided, n)};
  for (MetricRow& row : rows) row.details = {{"group", "headline"}};
  const auto by_lot = gains_by_lot(input, options, reference);
  Json& gain = rows.back().details;
  gain["randomisation_p"] = randomisation_p(-*rows.back().value, [&] {
    std::vector<double> losses;
    for (const double value : by_lot) losses.push_back(-value);
    return losses;
  }());
  gain["randomisation_p_worse"] = randomisation_p(*rows.back().value, by_lot);
  gain["swaps"] = by_lot.size();
  gain["sd_over_swaps"] = standard_deviation(by_lot);
  rows.push_back(ratio_row(input));
  for (std::size_t k = 0; k < options.planted_strengths.size(); ++k) {
    rows.push_back(oracle_row(input, options, reference, k, guided));
    if (k == kDecidingStrength && !(rows.back().interval->low > 0))
      reasons.push_back(
          fmt::format("the measurement is blind: taking planted noise of {} grey levels away gains {:.4g}, with a 95% "
                      "interval from {:.4g} that doesn't exclude 0",
                      options.planted_strengths[k], *rows.back().value, rows.back().interval->low));
  }
  return rows;
}

}  // namespace alea
