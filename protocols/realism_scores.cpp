#include "protocols/realism_scores.h"

#include "core/error.h"
#include "protocols/array_names.h"
#include "protocols/stored_arrays.h"

namespace alea {

std::string realism_statistic(const RealismOptions& options) { return "realism." + options.network; }

bool is_in_own_features(const FilteringOptions& options) {
  return options.realism && options.realism->network == options.features;
}

RealismScores read_realism(const Store& store, const RealismOptions& options) {
  RealismScores out;
  std::map<std::string, std::string> made_of;
  const std::string kind = array_names::realism_kind(options.network);
  for (const BlockRange& range : store.blocks()) {
    const ArrayMap block = store.get_block(kind, range, array_names::kRealism);
    const Array& scores = block.at(array_names::kRealism);
    expect_array(scores, DType::f64, 1, range.count, array_names::kRealism);
    if (out.scores.empty()) made_of = scores.attributes;
    if (scores.attributes != made_of)
      fail(ErrorCode::data,
           "{}: its realism is of other real images or weights than the blocks' before; remove {} and score again",
           store.block_path(kind, range).string(), (store.folder() / kind).string());
    const auto values = scores.as<double>();
    out.scores.insert(out.scores.end(), values.begin(), values.end());
  }
  out.facts = {{"network", options.network}, {"real", options.real}, {"k", options.k}};
  for (const auto& [key, value] : made_of) out.facts[key] = value;
  return out;
}

void label_own_features(const FilteringOptions& options, std::vector<MetricRow>& rows) {
  if (!is_in_own_features(options)) return;
  for (MetricRow& row : rows) {
    if (row.details.value("statistic", "") != realism_statistic(*options.realism)) continue;
    row.details["own_features"] = true;
    row.details["note"] = "in the metric's own features, so in no ranking";
  }
}

}  // namespace alea
