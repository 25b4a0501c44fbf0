#include "protocols/sweep_guidance_measure.h"

#include <algorithm>

#include "core/error.h"
#include "protocols/array_names.h"
#include "protocols/distances.h"
#include "protocols/stored_arrays.h"

namespace alea {
namespace {

/// What one arm's blocks hold, in the order of ids.
struct ArmRows {
  std::vector<std::uint64_t> ids;
  std::vector<std::uint8_t> usable;  ///< finite in every way
  std::vector<float> features;       ///< [n, d]
  std::size_t d = 0;
  std::vector<double> ratios;  ///< empty without a guide

  std::span<const float> row(std::size_t i) const { return std::span(features).subspan(i * d, d); }
};

const Array& array_of(const ArrayMap& block, const std::string& name, DType dtype, std::size_t rank, std::uint64_t n) {
  const auto found = block.find(name);
  if (found == block.end()) fail(ErrorCode::data, "block: no array {}; was this folder made by another protocol?", name);
  expect_array(found->second, dtype, rank, n, name);
  return found->second;
}

void append_block(const ArrayMap& block, const ArrayMap& features, std::uint64_t n, ArmRows& out) {
  const auto ids = array_of(block, array_names::kIds, DType::u64, 1, n).as<std::uint64_t>();
  const auto finite = array_of(block, array_names::kFinite, DType::u8, 1, n).as<std::uint8_t>();
  const Array& rows = array_of(features, array_names::kFeatures, DType::f32, 2, n);
  out.d = rows.shape[1];
  out.ids.insert(out.ids.end(), ids.begin(), ids.end());
  const auto values = rows.as<float>();
  out.features.insert(out.features.end(), values.begin(), values.end());
  for (std::uint64_t i = 0; i < n; ++i) out.usable.push_back(finite[i] != 0 && all_finite(feature_row(rows, i)));
  const std::string ratio = array_names::scores("guidance.ratio");
  if (!block.contains(ratio)) return;
  const Array& ratios = array_of(block, ratio, DType::f64, 2, n);
  for (std::uint64_t i = 0; i < n; ++i) out.ratios.push_back(mean_ratio(ratios, i));
}

ArmRows arm_rows(const Store& store, const SweepGuidanceOptions& options, std::size_t arm) {
  ArmRows out;
  for (const BlockRange& range : store.blocks())
    if (range.first / options.generate == arm)
      append_block(store.get_block(array_names::kBlocks, range),
                   store.get_block(array_names::features_kind(options.features), range), range.count, out);
  return out;
}

void append(std::vector<float>& to, std::span<const float> row) { to.insert(to.end(), row.begin(), row.end()); }

}  // namespace

std::string GuidanceCell::name() const { return fmt::format("p{:g}.l{:g}", 100 * quantile, lambda); }

std::vector<GuidanceCell> guidance_cells(const SweepGuidanceOptions& options) {
  std::vector<GuidanceCell> out;
  for (const double quantile : options.quantiles)
    for (const double lambda : options.lambdas) out.push_back({quantile, lambda});
  return out;
}

PairedArms read_arm(const Store& store, const SweepGuidanceOptions& options, std::size_t arm) {
  const ArmRows unguided = arm_rows(store, options, 0), guided = arm == 0 ? unguided : arm_rows(store, options, arm);
  ALEA_CHECK(unguided.ids == guided.ids, "arm {} has other ids than arm 0", arm);
  PairedArms out;
  out.d = unguided.d;
  for (std::size_t i = 0; i < unguided.ids.size(); ++i) {
    if (unguided.usable[i] == 0 || guided.usable[i] == 0) continue;
    out.ids.push_back(unguided.ids[i]);
    append(out.unguided, unguided.row(i));
    append(out.guided, guided.row(i));
    if (!guided.ratios.empty()) out.ratios.push_back(guided.ratios[i]);
  }
  out.non_finite = unguided.ids.size() - out.ids.size();
  if (arm > 0) return out;
  PlantedFeatures planted = read_planted(store, options.features, options.planted_strengths.size(), out.ids, out.d);
  out.planted_rows = std::move(planted.rows);
  out.planted_features = std::move(planted.features);
  return out;
}

GuidanceSweep::GuidanceSweep(const SweepGuidanceOptions& options, const PairedArms& unguided, const FrechetReference& reference)
    : options_(options),
      unguided_(unguided),
      reference_(reference),
      distance_(arm_distance(unguided.unguided, unguided, reference)) {}

void GuidanceSweep::add(const GuidanceCell& cell, const PairedArms& input) {
  const std::string name = distance_name(options_.features, "guided." + cell.name());
  const SubsetDistance guided = arm_distance(input.guided, input, reference_),
                       unguided = input.ids == unguided_.ids ? distance_ : arm_distance(input.unguided, input, reference_);
  const auto add_row = [&](MetricRow row) {
    row.details.update(
        {{"group", fmt::format("quantile {:g}", cell.quantile)}, {"quantile", cell.quantile}, {"lambda", cell.lambda}});
    cells_.push_back(std::move(row));
  };
  add_row(distance_row(name, guided, input.ids.size()));
  add_row(guided_gain_row("gain." + name, input, unguided, guided, reference_, options_.seed, options_.swaps));
  gains_.push_back(cells_.back());
  add_row(ratio_row("guidance.ratio." + cell.name(), input));
}

/// Chosen again where a group is left out, so that its interval covers the choice; that it is the best of several still flatters
/// it.
std::optional<MetricRow> GuidanceSweep::best_row() const {
  if (gains_.empty()) return std::nullopt;
  const auto by_value = [](const MetricRow& a, const MetricRow& b) { return *a.value < *b.value; };
  MetricRow row = *std::max_element(gains_.begin(), gains_.end(), by_value);
  row.name = "gain." + distance_name(options_.features, "guided.best");
  for (std::size_t g = 0; g < row.leave_one_out.size(); ++g)
    for (const MetricRow& gain : gains_) row.leave_one_out[g] = std::max(row.leave_one_out[g], gain.leave_one_out[g]);
  row.interval = jackknife_interval(*row.value, row.leave_one_out);
  const Json quantile = row.details.at("quantile"), lambda = row.details.at("lambda");
  row.details = {{"group", "headline"},
                 {"quantile", quantile},
                 {"lambda", lambda},
                 {"cells", gains_.size()},
                 {"note", fmt::format("quantile {}, lambda {}: the best of {}, so judge it on other ids", quantile.dump(),
                                      lambda.dump(), gains_.size())}};
  return row;
}

std::vector<MetricRow> GuidanceSweep::rows(std::vector<std::string>& reasons) const {
  std::vector<MetricRow> out{distance_row(distance_name(options_.features, "unguided"), distance_, unguided_.ids.size())};
  out.back().details = {{"group", "headline"}};
  if (auto best = best_row()) out.push_back(std::move(*best));
  out.insert(out.end(), cells_.begin(), cells_.end());
  for (MetricRow& row : oracle_rows(unguided_, options_.features, options_.planted_strengths, reference_, distance_, reasons))
    out.push_back(std::move(row));
  return out;
}

}  // namespace alea
