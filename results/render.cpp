#include <algorithm>

#include "results/record.h"
#include "results/render_cells.h"

namespace alea {
namespace {

const std::vector<bool> kRightAligned = {false, true, true, true, false, false};

std::string direction_text(Direction direction) {
  if (direction == Direction::none) return "-";
  return direction == Direction::lower ? "lower" : "higher";
}

std::string notes_text(const MetricRow& row) {
  std::string notes = row.why_null;
  const auto append = [&notes](const std::string& text) { notes += fmt::format("{}{}", notes.empty() ? "" : ", ", text); };
  if (row.details.contains("randomisation_p")) append(fmt::format("p = {:.3g}", row.details["randomisation_p"].get<double>()));
  if (row.details.contains("subsets")) append(fmt::format("{} random subsets", row.details["subsets"].get<std::uint64_t>()));
  if (row.details.contains("note")) append(row.details["note"].get<std::string>());
  return notes;
}

std::string group_of(const MetricRow& row) { return row.details.value("group", ""); }

/// "headline" first, the others in the order in which they first appear.
std::vector<std::string> groups_of(const Record& record) {
  std::vector<std::string> groups;
  for (const MetricRow& row : record.metrics)
    if (std::find(groups.begin(), groups.end(), group_of(row)) == groups.end()) groups.push_back(group_of(row));
  std::stable_partition(groups.begin(), groups.end(), [](const std::string& group) { return group == "headline"; });
  return groups;
}

Cells row_line(const MetricRow& row) {
  return {row.name, value_text(row), interval_text(row), std::to_string(row.n), direction_text(row.direction), notes_text(row)};
}

std::string metrics_text(const Record& record) {
  const Cells heading = {"metric", "value", "95% interval", "n", "better", "notes"};
  std::vector<Cells> lines = {heading};
  for (const MetricRow& row : record.metrics) lines.push_back(row_line(row));
  const auto widths = cell_widths(lines);
  std::string out = cells_text(heading, widths, kRightAligned);
  for (const std::string& group : groups_of(record)) {
    if (!group.empty()) out += fmt::format(" {}\n", group);
    for (const MetricRow& row : record.metrics)
      if (group_of(row) == group) out += cells_text(row_line(row), widths, kRightAligned);
  }
  return out;
}

std::string component_text(const Json& component) {
  std::string out = component.value("kind", "?");
  if (component.contains("steps")) out += fmt::format("({})", component["steps"].dump());
  return out;
}

std::string title_text(const Record& record) {
  std::string out = record.config.value("name", record.protocol);
  if (record.config.contains("model")) out += "  " + component_text(record.config["model"]);
  if (record.config.contains("sampler")) out += " + " + component_text(record.config["sampler"]);
  if (record.config.contains("seed")) out += "  seed " + record.config["seed"].dump();
  return out + (record.preset.empty() ? "" : "  preset " + record.preset) + "\n";
}

std::string cost_text(const Record& record) {
  if (!record.cost.contains("total")) return "";
  const std::string guide = record.cost.contains("guide") ? ", guide " + record.cost["guide"].dump() : "";
  return fmt::format("NFE an image: base {}, extra {}{}, total {}\n", record.cost.value("base", Json()).dump(),
                     record.cost.value("extra", Json()).dump(), guide, record.cost["total"].dump());
}

std::string result_text(const Record& record) {
  std::string out = record.invalid_reasons.empty() ? "Result: VALID" : "Result: INVALID";
  if (record.samples.contains("complete") && record.samples.contains("planned"))
    out += fmt::format("   samples {}/{}", record.samples["complete"].dump(), record.samples["planned"].dump());
  if (record.samples.contains("non_finite")) out += "  non-finite " + record.samples["non_finite"].dump();
  if (record.samples.contains("non_finite_limit")) out += fmt::format(" (limit {})", record.samples["non_finite_limit"].dump());
  out += "\n";
  for (const std::string& reason : record.invalid_reasons) out += fmt::format("  INVALID: {}\n", reason);
  return out;
}

}  // namespace

std::string render_table(const Record& record) {
  std::string out = title_text(record) + metrics_text(record) + cost_text(record);
  if (!record.departures.empty()) out += "Departures from the paper:\n";
  for (const std::string& departure : record.departures) out += fmt::format("  - {}\n", departure);
  return out + result_text(record);
}

}  // namespace alea
