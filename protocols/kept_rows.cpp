#include "protocols/kept_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "protocols/filtering_measure.h"

namespace alea {
namespace {

constexpr const char* kHeadline = "headline";

void add_as_headline(MetricRow row, std::string name, const FilteringOptions& options, std::vector<MetricRow>& rows) {
  row.name = std::move(name);
  row.details["group"] = kHeadline;
  row.details["note"] =
      fmt::format("{} of {}{}", options.keep_side, options.rank_by, options.within_class ? " in each class" : "");
  rows.push_back(std::move(row));
}

}  // namespace

void add_kept_rows(const FilteringInput& input, const FilteringOptions& options, const KeptNames& names,
                   const std::function<KeptPair(const StatisticScores&, KeepSide)>& measure, std::vector<MetricRow>& rows) {
  std::vector<MetricRow> headline, others;
  for (const StatisticScores& statistic : input.statistics)
    for (const KeepSide side : {KeepSide::lowest, KeepSide::highest}) {
      KeptPair pair = measure(statistic, side);
      const std::string rest = fmt::format("kept.{}.{}", statistic.name, side_name(side));
      pair.kept.name = names.of(rest);
      pair.gain.name = "gain." + names.of(rest);
      for (MetricRow* row : {&pair.kept, &pair.gain})
        row->details.update({{"group", names.group}, {"statistic", statistic.name}, {"keep_side", side_name(side)}});
      if (statistic.name == options.rank_by && side_name(side) == options.keep_side) {
        add_as_headline(pair.kept, names.of("kept"), options, headline);
        add_as_headline(pair.gain, "gain." + names.of("kept"), options, headline);
      }
      others.push_back(std::move(pair.kept));
      others.push_back(std::move(pair.gain));
    }
  std::ranges::move(headline, std::back_inserter(rows));
  std::ranges::move(others, std::back_inserter(rows));
}

void add_null_kept_rows(const KeptNames& names, Direction direction, const std::string& reason, std::vector<MetricRow>& rows) {
  for (const char* prefix : {"", "gain."}) {
    MetricRow row;
    row.name = prefix + names.of("kept");
    row.why_null = reason;
    row.direction = *prefix == '\0' ? direction : Direction::higher;
    row.details = {{"group", kHeadline}};
    rows.push_back(std::move(row));
  }
}

Json draw_details(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {{"subsets", values.size()},
          {"sd_over_subsets", values.size() < 2 ? 0 : std::sqrt(squares / (n - 1))},
          {"min", *low},
          {"max", *high}};
}

}  // namespace alea
