#include "results/estimator_table.h"

#include <algorithm>
#include <set>

#include "results/render_cells.h"

namespace alea {
namespace {

const std::vector<bool> kRightAligned = {false, true, true, true, true, true, true};

std::string seconds_text(double seconds) { return fmt::format("{:.1f}", seconds); }

/// Rows of gains over random subsets: those of scores, or the oracle's.
bool is_gain(const MetricRow& row) { return row.name.starts_with("gain."); }
bool is_of_score(const MetricRow& row) {
  const bool is_copy = row.details.value("group", "") == "headline";
  return is_gain(row) && row.details.contains("nfe_extra") && !is_copy && !row.details.value("own_features", false);
}
bool is_oracle(const MetricRow& row) { return is_gain(row) && row.details.contains("strength_grey_levels"); }

std::string p_text(const MetricRow& row) {
  return row.details.contains("randomisation_p") ? fmt::format("{:.3g}", row.details["randomisation_p"].get<double>()) : "-";
}

Cells score_line(const MetricRow& row, const GenerationSeconds& seconds) {
  const std::string statistic = row.details.at("statistic");
  const auto found = seconds.by_statistic.find(statistic);
  const bool is_free = row.details.at("nfe_extra") == 0;
  std::string taken = found == seconds.by_statistic.end() ? (is_free ? "0.0" : "-") : seconds_text(found->second);
  return {statistic,
          value_text(row),
          interval_text(row),
          p_text(row),
          row.details.at("nfe_extra").dump(),
          row.details.at("nfe_total").dump(),
          seconds.images == 0 ? "-" : std::move(taken)};
}

Cells oracle_line(const MetricRow& row) {
  return {fmt::format("oracle, defects of {:g} grey levels", row.details.at("strength_grey_levels").get<double>()),
          value_text(row),
          interval_text(row),
          p_text(row),
          "-",
          "-",
          "-"};
}

/// Numbers of evaluations tell estimators apart well enough for the question whether there is anything to compare.
bool compares_estimators(const Record& record) {
  std::set<std::string> families;
  for (const MetricRow& row : record.metrics)
    if (is_of_score(row) && row.details.at("nfe_extra") != 0) {
      const std::string statistic = row.details.at("statistic");
      families.insert(statistic.substr(0, statistic.rfind('.')));
    }
  return families.size() > 1;
}

struct Block {
  std::string heading;
  std::vector<Cells> lines;
};

std::vector<Block> blocks_of(const Record& record, const GenerationSeconds& seconds) {
  std::vector<std::string> sides{"lowest", "highest"};
  if (record.config.value("keep_side", "lowest") == "highest") std::swap(sides[0], sides[1]);
  std::vector<Block> out;
  for (const std::string& side : sides) {
    Block block{"keeping the " + side, {}};
    for (const MetricRow& row : record.metrics)
      if (is_of_score(row) && row.details.at("keep_side") == side) block.lines.push_back(score_line(row, seconds));
    out.push_back(std::move(block));
  }
  Block oracle{"knowing the planted images", {}};
  for (const MetricRow& row : record.metrics)
    if (is_oracle(row)) oracle.lines.push_back(oracle_line(row));
  out.push_back(std::move(oracle));
  return out;
}

}  // namespace

std::string render_estimators(const Record& record, const GenerationSeconds& seconds) {
  if (!compares_estimators(record)) return "";
  const std::vector<Block> blocks = blocks_of(record, seconds);
  const Cells heading{"score", "gain", "95% interval", "p", "NFE extra", "total", "seconds"};
  std::vector<Cells> lines{heading};
  for (const Block& block : blocks) lines.insert(lines.end(), block.lines.begin(), block.lines.end());
  const auto widths = cell_widths(lines);
  std::string out = "Estimators on the same images: gain over random subsets of the same size, higher is better\n";
  out += cells_text(heading, widths, kRightAligned);
  for (const Block& block : blocks) {
    out += fmt::format(" {}\n", block.heading);
    for (const Cells& line : block.lines) out += cells_text(line, widths, kRightAligned);
  }
  if (seconds.images > 0)
    out += fmt::format("Seconds: of {} images; the images alone took {}\n", seconds.images, seconds_text(seconds.base));
  return out;
}

}  // namespace alea
