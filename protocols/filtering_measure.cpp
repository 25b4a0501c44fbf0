#include "protocols/filtering_measure.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <set>

#include "core/error.h"
#include "protocols/distances.h"
#include "protocols/filtering_sets.h"

namespace alea {
namespace {

constexpr double kRandomControlP = 0.001;
constexpr std::size_t kDecidingStrength = 1;

struct Spread {
  double mean = 0, sd = 0, min = 0, max = 0;
};

Spread spread_of(std::span<const double> values) {
  if (values.size() < 2) fail(ErrorCode::domain, "a spread needs at least 2 random subsets, found {}", values.size());
  const auto n = static_cast<double>(values.size());
  Spread out;
  out.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - out.mean) * (value - out.mean);
  out.sd = std::sqrt(squares / (n - 1));
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  out.min = *low;
  out.max = *high;
  return out;
}

std::string group_of(const std::string& statistic) {
  if (statistic.starts_with("random.")) return "controls";
  return statistic.starts_with("free.") ? "free scores" : "estimators";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> filtering_metrics() {
  std::vector<std::pair<std::string, std::string>> out = {
      {"fd.<network>.all", "Frechet distance of all generated images to the reference; fid.all and so on with Inception"},
      {"fd.<network>.random", "mean Frechet distance of random subsets of the kept size"},
      {"fd.<network>.kept", "Frechet distance of the images that the config keeps"},
      {"fd.<network>.kept.<statistic>.<side>", "the same for every statistic and either side"},
      {"gain.fd.<network>.kept", "random minus kept: how much closer to the reference filtering comes than chance"},
      {"gain.fd.<network>.kept.<statistic>.<side>", "the same for every statistic and either side"},
      {"fd.<network>.equal_cost", "Frechet distance of other images, of as much cost without an estimator, with more steps"},
      {"gain.fd.<network>.equal_cost", "kept minus equal_cost: how much closer to the reference more steps come than filtering"},
      {"gain.fd.<network>.oracle.<strength>", "gain of a score that knows which images have a planted defect"}};
  for (auto& entry : filtering_set_metrics()) out.push_back(std::move(entry));
  return out;
}

const char* side_name(KeepSide side) { return side == KeepSide::lowest ? "lowest" : "highest"; }

double prediction_t(double value, std::span<const double> random_values) {
  const Spread spread = spread_of(random_values);
  if (spread.sd == 0) return value == spread.mean ? 0 : std::copysign(1e9, value - spread.mean);
  return (value - spread.mean) / (spread.sd * std::sqrt(1 + 1 / static_cast<double>(random_values.size())));
}

std::string why_not_measurable(const FilteringInput& input, const FilteringOptions& options) {
  if (input.ids.size() <= options.keep)
    return fmt::format("{} usable samples, and {} are to be kept of more", input.ids.size(), options.keep);
  std::set<int> groups;
  for (const std::uint64_t id : input.ids) groups.insert(jackknife_group(id));
  if (groups.size() < static_cast<std::size_t>(kJackknifeGroups))
    return fmt::format("usable samples in only {} of {} jackknife groups", groups.size(), kJackknifeGroups);
  return "";
}

FilteringMeasure::FilteringMeasure(const FilteringInput& input, const FilteringOptions& options,
                                   const FrechetReference& reference)
    : input_(input), options_(options), reference_(reference), analysis_(input.view(), input.ids, reference) {}

std::vector<MetricRow> FilteringMeasure::rows() {
  random_ = analysis_.random(options_.keep, options_.seed, options_.subsets, input_.classes);
  headline_ = {all_row(), random_row()};
  for (const StatisticScores& statistic : input_.statistics)
    for (const KeepSide side : {KeepSide::lowest, KeepSide::highest}) add_statistic(statistic, side);
  for (std::size_t k = 0; k < options_.planted_strengths.size(); ++k) add_oracle(k);
  std::vector<MetricRow> out = headline_;
  out.insert(out.end(), others_.begin(), others_.end());
  out.insert(out.end(), controls_.begin(), controls_.end());
  return out;
}

MetricRow FilteringMeasure::all_row() const {
  const auto& any = input_.statistics.front().scores;
  MetricRow row = distance_row(fd("all"), analysis_.kept(any, any.size(), KeepSide::lowest), any.size());
  row.details = {{"group", "headline"}};
  return row;
}

MetricRow FilteringMeasure::random_row() const {
  const Spread spread = spread_of(random_.values);
  MetricRow row = distance_row(fd("random"), random_.mean, options_.keep);
  row.details = {{"group", "headline"},
                 {"subsets", random_.values.size()},
                 {"sd_over_subsets", spread.sd},
                 {"min", spread.min},
                 {"max", spread.max}};
  return row;
}

void FilteringMeasure::add_statistic(const StatisticScores& statistic, KeepSide side) {
  const SubsetDistance kept = analysis_.kept(input_.ranked(statistic.scores), options_.keep, side);
  const std::string suffix = fmt::format("kept.{}.{}", statistic.name, side_name(side));
  MetricRow distance = distance_row(fd(suffix), kept, options_.keep);
  MetricRow gain = gain_row("gain." + fd(suffix), random_.mean, kept, options_.keep);
  distance.details = {{"group", group_of(statistic.name)},
                      {"statistic", statistic.name},
                      {"keep_side", side_name(side)},
                      {"randomisation_p", randomisation_p(kept.value, random_.values, Tail::lower)},
                      {"randomisation_p_worse", randomisation_p(kept.value, random_.values, Tail::upper)}};
  gain.details = distance.details;
  distance.details["gain"] = *gain.value;
  if (statistic.name.starts_with("random.")) check_random_control(kept, distance);
  if (statistic.name == options_.rank_by && side_name(side) == options_.keep_side) add_headline(distance, gain);
  auto& rows = distance.details["group"] == "controls" ? controls_ : others_;
  rows.push_back(std::move(distance));
  rows.push_back(std::move(gain));
}

void FilteringMeasure::add_headline(const MetricRow& kept, const MetricRow& gain) {
  MetricRow headline_kept = kept, headline_gain = gain;
  headline_kept.name = fd("kept");
  headline_gain.name = "gain." + fd("kept");
  for (MetricRow* row : {&headline_kept, &headline_gain}) {
    row->details["group"] = "headline";
    row->details["note"] =
        fmt::format("{} of {}{}", options_.keep_side, options_.rank_by, options_.within_class ? " in each class" : "");
    headline_.push_back(*row);
  }
}

void FilteringMeasure::check_random_control(const SubsetDistance& kept, MetricRow& row) {
  const double t = prediction_t(kept.value, random_.values);
  const double limit = student_t_quantile(1 - kRandomControlP / 2, static_cast<double>(random_.values.size() - 1));
  row.details["t"] = t;
  row.details["t_limit"] = limit;
  if (std::abs(t) > limit)
    invalid_reasons_.push_back(
        fmt::format("a score that knows nothing moves {} by t = {:.2f} from chance (p < {}), so chance is measured wrongly",
                    row.name, t, kRandomControlP));
}

void FilteringMeasure::add_oracle(std::size_t strength) {
  const double grey_levels = options_.planted_strengths[strength];
  const std::string name = "gain." + fd(fmt::format("oracle.{}", grey_levels));
  std::vector<float> features = input_.features;
  std::vector<double> scores(input_.ids.size(), 0.0);
  for (std::size_t j = 0; j < input_.planted_rows.size(); ++j) {
    const std::size_t row = input_.planted_rows[j];
    scores[row] = 1;
    const auto from = input_.planted_features[strength].begin() + static_cast<std::ptrdiff_t>(j * input_.d);
    std::copy_n(from, input_.d, features.begin() + static_cast<std::ptrdiff_t>(row * input_.d));
  }
  const FilteringAnalysis pool({features, input_.ids.size(), input_.d}, input_.ids, reference_);
  const RandomSubsets random = pool.random(options_.keep, options_.seed, options_.subsets, input_.classes);
  const SubsetDistance kept = pool.kept(input_.ranked(scores), options_.keep, KeepSide::lowest);
  MetricRow row = gain_row(name, random.mean, kept, options_.keep);
  row.details = {{"group", "controls"},
                 {"planted", input_.planted_rows.size()},
                 {"strength_grey_levels", grey_levels},
                 {"fd_kept", kept.value},
                 {"fd_random", random.mean.value},
                 {"randomisation_p", randomisation_p(kept.value, random.values, Tail::lower)}};
  if (strength == kDecidingStrength && !(row.interval->low > 0))
    invalid_reasons_.push_back(
        fmt::format("the measurement is blind: dropping images with planted noise of {} grey levels gains {:.4g}, with a 95% "
                    "interval from {:.4g} to {:.4g} that doesn't exclude 0",
                    grey_levels, *row.value, row.interval->low, row.interval->high));
  controls_.push_back(std::move(row));
}

}  // namespace alea
