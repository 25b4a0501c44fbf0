#include "protocols/guidance_measure.h"

#include "protocols/distances.h"

namespace alea {

std::vector<MetricRow> guidance_rows(const PairedArms& input, const GuidedRunOptions& options, const FrechetReference& reference,
                                     std::vector<std::string>& reasons) {
  const std::uint64_t n = input.ids.size();
  const auto fd = [&](const char* rest) { return distance_name(options.features, rest); };
  const SubsetDistance unguided = arm_distance(input.unguided, input, reference),
                       guided = arm_distance(input.guided, input, reference);
  std::vector<MetricRow> rows{distance_row(fd("unguided"), unguided, n), distance_row(fd("guided"), guided, n)};
  for (MetricRow& row : rows) row.details = {{"group", "headline"}};
  rows.push_back(guided_gain_row("gain." + fd("guided"), input, unguided, guided, reference, options.seed, options.swaps));
  rows.push_back(ratio_row("guidance.ratio", input));
  for (MetricRow& row : oracle_rows(input, options.features, options.planted_strengths, reference, guided, reasons))
    rows.push_back(std::move(row));
  return rows;
}

}  // namespace alea
