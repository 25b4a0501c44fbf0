#include <algorithm>
#include <optional>

#include "core/error.h"
#include "protocols/array_names.h"
#include "protocols/equal_cost.h"
#include "protocols/estimator_nfe.h"
#include "protocols/filtering.h"
#include "protocols/filtering_measure.h"
#include "protocols/filtering_sets.h"
#include "protocols/gallery_arrays.h"
#include "protocols/realism_scores.h"
#include "protocols/reference_file.h"

namespace alea {
namespace {

constexpr const char* kSelf = "self";

FrechetReference own_reference(const FilteringInput& input, Record& record) {
  record.data["reference"] = {{"statistics", kSelf}, {"set", kSelf}, {"n", input.ids.size()}};
  return FrechetReference(fit_gaussian(input.view()));
}

Array mask_of(const std::vector<double>& scores, std::size_t keep, KeepSide side) {
  std::vector<std::uint8_t> mask(scores.size(), 0);
  for (const std::uint32_t row : keep_by_score(scores, keep, side)) mask[row] = 1;
  return make_array<std::uint8_t>(mask, {mask.size()});
}

void add_per_sample_arrays(const FilteringInput& input, const Store& store, const std::vector<std::string>& statistics,
                           ArrayMap& out) {
  out["ids"] = make_array<std::uint64_t>(input.ids, {input.ids.size()});
  for (const StatisticScores& statistic : input.statistics) {
    Array scores = make_array<double>(statistic.scores, {statistic.scores.size()});
    scores.attributes["meaning"] = "image score: of an estimator, the sum of U_t over the elements and over the window";
    out["scores/" + statistic.name] = std::move(scores);
  }
  for (const std::string& statistic : statistics)
    out["step_scores/" + statistic] = store.gather(array_names::kBlocks, array_names::scores(statistic));
}

void add_selections(const FilteringInput& input, const FilteringOptions& options, ArrayMap& out) {
  for (const StatisticScores& statistic : input.statistics)
    for (const KeepSide side : {KeepSide::lowest, KeepSide::highest})
      out[fmt::format("kept/{}.{}", statistic.name, side_name(side))] =
          mask_of(input.ranked(statistic.scores), options.keep, side);
}

std::vector<std::string> step_statistics(const Components& components, const GuideInfo& guide) {
  auto out = components.statistics();
  out.insert(out.end(), guide.statistics.begin(), guide.statistics.end());
  return out;
}

void note_guide(const Components& components, const GuideInfo& guide, Record& record) {
  if (!guide.exists()) return;
  record.cost = cost_of(components, guide);
  record.departures.push_back(fmt::format("The images are guided (variant {}, lambda {}); the paper filters unguided ones.",
                                          guide.resolved.at("variant").get<std::string>(), guide.resolved.at("lambda").dump()));
}

void fill_counts(const FilteringInput& input, const Store& store, const FilteringOptions& options, const Components& components,
                 Record& record) {
  record.samples = {{"planned", options.generate},
                    {"complete", store.n_samples()},
                    {"non_finite", input.non_finite},
                    {"non_finite_limit", options.non_finite_limit}};
  record.cost = {{"base", components.base_nfe}, {"extra", components.extra_nfe}, {"total", components.total_nfe()}};
  record.departures = filtering_departures(options, components);
  if (input.non_finite > options.non_finite_limit)
    record.invalid_reasons.push_back(
        fmt::format("{} samples aren't finite, more than the limit of {}; they are left out of every set", input.non_finite,
                    options.non_finite_limit));
}

/// Beside the headline, whose kept images it is set against.
void add_equal_cost(const Store& store, const FilteringOptions& options, const EqualCostArm& arm,
                    const FrechetReference& reference, Record& record) {
  const EqualCostInput input = read_equal_cost(store, options.features);
  const std::string kept_name = distance_name(options.features, "kept");
  const auto kept = std::ranges::find(record.metrics, kept_name, &MetricRow::name);
  ALEA_CHECK(kept != record.metrics.end(), "no row {}", kept_name);
  for (MetricRow& row : equal_cost_rows(arm, input, options.features, reference, MetricRow(*kept)))
    record.metrics.push_back(std::move(row));
  record.data["equal_cost"] = equal_cost_facts(arm);
  if (input.non_finite > options.non_finite_limit)
    record.invalid_reasons.push_back(fmt::format("{} images of the arm of equal cost aren't finite, more than the limit of {}",
                                                 input.non_finite, options.non_finite_limit));
}

void add_null_headline(const std::string& reason, const FilteringOptions& options, Record& record) {
  for (const char* prefix : {"", "gain."}) {
    MetricRow row;
    row.name = prefix + distance_name(options.features, "kept");
    row.why_null = reason;
    row.direction = row.name.starts_with("gain") ? Direction::higher : Direction::lower;
    row.details = {{"group", "headline"}};
    record.metrics.push_back(std::move(row));
  }
  record.invalid_reasons.push_back(reason);
}

}  // namespace

ArrayMap score_filtering(const Store& store, const FilteringOptions& options, const Components& components,
                         const GuideInfo& guide, const EqualCostArm& arm, Record& record) {
  if (!record.data.is_object()) record.data = Json::object();
  std::optional<FrechetReference> reference;
  if (options.reference != kSelf) reference = stored_reference(options.reference, options.features, record);
  const FilteringInput input = read_filtering_input(store, options, components);
  fill_counts(input, store, options, components, record);
  if (!input.realism_facts.is_null()) record.data["realism"] = input.realism_facts;
  if (!input.file_facts.empty()) record.data["from_file"] = input.file_facts;
  note_guide(components, guide, record);
  ArrayMap curves;
  add_per_sample_arrays(input, store, step_statistics(components, guide), curves);
  if (const std::string reason = why_not_measurable(input, options); !reason.empty()) {
    add_null_headline(reason, options, record);
    return curves;
  }
  if (!reference) reference = own_reference(input, record);
  FilteringMeasure measure(input, options, *reference);
  record.metrics = measure.rows();
  if (arm.exists()) add_equal_cost(store, options, arm, *reference, record);
  add_estimator_nfe(options, components, record.metrics);
  label_own_features(options, record.metrics);
  const auto& reasons = measure.invalid_reasons();
  record.invalid_reasons.insert(record.invalid_reasons.end(), reasons.begin(), reasons.end());
  add_set_rows(store, input, options, *reference, record, curves);
  add_selections(input, options, curves);
  const auto& random = measure.random().values;
  curves["subsets/random_fd"] = make_array<double>(random, {random.size()});
  curves.merge(gallery_arrays(store, input.ids, input.statistic(options.rank_by).scores, options.rank_by));
  return curves;
}

}  // namespace alea
