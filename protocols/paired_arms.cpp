#include "protocols/paired_arms.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "protocols/distances.h"
#include "protocols/reference_file.h"

namespace alea {
namespace {

constexpr std::size_t kDecidingStrength = 1;
constexpr const char* kSelf = "self";

/// Gains where each id's two images are dealt to the arms by lot: what the difference of the arms would be if there were none.
std::vector<double> gains_by_lot(const PairedArms& input, std::uint64_t seed, std::uint32_t swaps,
                                 const FrechetReference& reference) {
  const std::size_t n = input.ids.size();
  std::vector<float> both = input.unguided;
  both.insert(both.end(), input.guided.begin(), input.guided.end());
  const FeatureView view{both, 2 * n, input.d};
  MomentSums all(reference.gaussian().mean);
  all.add(view);
  std::vector<double> out;
  for (std::uint32_t draw = 0; draw < swaps; ++draw) {
    const auto lots = random_scores(input.ids, seed, draw);
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

/// What taking planted defects away from the guided arm gains.
MetricRow oracle_row(const PairedArms& input, const std::string& network, const FrechetReference& reference, std::size_t strength,
                     double grey_levels, const SubsetDistance& sound) {
  std::vector<float> features = input.guided;
  for (std::size_t j = 0; j < input.planted_rows.size(); ++j)
    std::copy_n(input.planted_features[strength].begin() + static_cast<std::ptrdiff_t>(j * input.d), input.d,
                features.begin() + static_cast<std::ptrdiff_t>(input.planted_rows[j] * input.d));
  MetricRow row = gain_row("gain." + distance_name(network, fmt::format("oracle.{}", grey_levels)),
                           arm_distance(features, input, reference), sound, input.ids.size());
  row.details = {{"group", "controls"}, {"planted", input.planted_rows.size()}, {"strength_grey_levels", grey_levels}};
  return row;
}

}  // namespace

bool every_group_has_an_id(const PairedArms& arms) {
  return std::ranges::count(jackknife_group_sizes(arms.ids), std::size_t{0}) == 0;
}

double mean_ratio(const Array& ratios, std::uint64_t i) {
  const std::size_t width = ratios.shape[1];
  const auto steps = ratios.as<double>().subspan(i * width, width);
  return std::accumulate(steps.begin(), steps.end(), 0.0) / static_cast<double>(width);
}

FrechetReference reference_of_arms(const std::string& reference, const std::string& network, const PairedArms& input,
                                   Record& record) {
  if (reference != kSelf) return stored_reference(reference, network, record);
  record.data["reference"] = {{"statistics", kSelf}, {"set", kSelf}, {"n", input.ids.size()}};
  return FrechetReference(fit_gaussian(input.view(input.unguided)));
}

void add_distance_departures(const std::string& network, const std::string& reference, std::vector<std::string>& out) {
  if (network != "inception")
    out.push_back(
        fmt::format("Distances are taken between features of {}, not of Inception-v3, so they are called fd and don't "
                    "compare with published FIDs.",
                    network));
  if (reference == kSelf) out.push_back("The reference is the unguided images themselves, which is good for smoke tests only.");
}

SubsetDistance arm_distance(const std::vector<float>& features, const PairedArms& input, const FrechetReference& reference) {
  const std::vector<double> no_order(input.ids.size(), 0.0);
  return FilteringAnalysis(input.view(features), input.ids, reference).kept(no_order, input.ids.size(), KeepSide::lowest);
}

MetricRow guided_gain_row(std::string name, const PairedArms& input, const SubsetDistance& unguided, const SubsetDistance& guided,
                          const FrechetReference& reference, std::uint64_t seed, std::uint32_t swaps) {
  MetricRow row = gain_row(std::move(name), unguided, guided, input.ids.size());
  const auto by_lot = gains_by_lot(input, seed, swaps, reference);
  std::vector<double> losses;
  for (const double value : by_lot) losses.push_back(-value);
  row.details = {{"group", "headline"},
                 {"randomisation_p", randomisation_p(-*row.value, losses)},
                 {"randomisation_p_worse", randomisation_p(*row.value, by_lot)},
                 {"swaps", by_lot.size()},
                 {"sd_over_swaps", standard_deviation(by_lot)}};
  return row;
}

MetricRow ratio_row(std::string name, const PairedArms& input) {
  MetricRow row = metric_row(std::move(name), Direction::none, "1", input.ids.size());
  row.interval = mean_with_jackknife(input.ratios, input.ids, row.leave_one_out, "guidance.ratio");
  row.value = row.interval->value;
  row.details = {{"group", "headline"}, {"note", "how far eps is moved, in its own length"}};
  return row;
}

std::vector<MetricRow> oracle_rows(const PairedArms& input, const std::string& network, const std::vector<double>& strengths,
                                   const FrechetReference& reference, const SubsetDistance& sound,
                                   std::vector<std::string>& reasons) {
  std::vector<MetricRow> rows;
  for (std::size_t k = 0; k < strengths.size(); ++k) {
    rows.push_back(oracle_row(input, network, reference, k, strengths[k], sound));
    if (k == kDecidingStrength && !(rows.back().interval->low > 0))
      reasons.push_back(
          fmt::format("the measurement is blind: taking planted noise of {} grey levels away gains {:.4g}, with a 95% "
                      "interval from {:.4g} that doesn't exclude 0",
                      strengths[k], *rows.back().value, rows.back().interval->low));
  }
  return rows;
}

}  // namespace alea
