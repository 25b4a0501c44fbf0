#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "run/reproduce.h"

namespace alea {
namespace {

constexpr double kSecondsAnHour = 3600, kGigabyte = 1e9;
using Line = std::array<std::string, 8>;

double hours_of(const PlannedRun& run) {
  return static_cast<double>(run.cost.forwards()) / run.forwards_per_second / kSecondsAnHour;
}

std::string state_of(const PlannedRun& run) {
  if (run.is_done) return "done";
  if (!run.missing.empty()) return fmt::format("{} missing", run.missing.size());
  return run.is_begun ? "begun" : "ready";
}

/// "table1,table4"
std::string tables_of(const ReproductionPlan& plan, std::size_t run) {
  std::string out;
  for (std::size_t i = 0; i < plan.rows.size(); ++i)
    if (plan.run_of_row[i] == run) out += (out.empty() ? "" : ",") + plan.rows[i].table;
  return out;
}

const ReproduceRow& first_row_of(const ReproductionPlan& plan, std::size_t run) {
  const auto at = std::find(plan.run_of_row.begin(), plan.run_of_row.end(), run) - plan.run_of_row.begin();
  return plan.rows[static_cast<std::size_t>(at)];
}

Line line_of(const ReproductionPlan& plan, std::size_t i) {
  const PlannedRun& run = plan.runs[i];
  const bool is_known = run.resolved.has_value();
  const auto or_unknown = [&](std::string text) { return is_known ? std::move(text) : std::string("?"); };
  return {tables_of(plan, i),
          first_row_of(plan, i).row,
          or_unknown(std::to_string(run.cost.images)),
          or_unknown(std::to_string(run.cost.nfe)),
          or_unknown(std::to_string(run.cost.forwards())),
          or_unknown(fmt::format("{:.2f}", hours_of(run))),
          or_unknown(fmt::format("{:.2f}", static_cast<double>(run.cost.disk_bytes) / kGigabyte)),
          state_of(run)};
}

/// Of what is still to be done.
Line total_line(const ReproductionPlan& plan) {
  std::uint64_t forwards = 0, bytes = 0;
  double hours = 0;
  for (const PlannedRun& run : plan.runs) {
    if (run.is_done) continue;
    forwards += run.cost.forwards();
    bytes += run.cost.disk_bytes;
    hours += hours_of(run);
  }
  return {"to do",
          "",
          "",
          "",
          std::to_string(forwards),
          fmt::format("{:.2f}", hours),
          fmt::format("{:.2f}", static_cast<double>(bytes) / kGigabyte),
          ""};
}

std::string aligned(const std::vector<Line>& lines) {
  std::array<std::size_t, std::tuple_size_v<Line>> widths{};
  for (const Line& line : lines)
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  std::string out;
  for (const Line& line : lines) {
    std::string text;
    for (std::size_t c = 0; c < line.size(); ++c)
      text += c < 2 || c + 1 == line.size() ? fmt::format("{:<{}}  ", line[c], widths[c])
                                            : fmt::format("{:>{}}  ", line[c], widths[c]);
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

std::string rates_text(const ReproductionPlan& plan) {
  std::string out;
  for (std::size_t i = 0; i < plan.runs.size(); ++i) {
    const std::string line = fmt::format("  {}: {:g} forwards a second ({})\n", first_row_of(plan, i).row,
                                         plan.runs[i].forwards_per_second, plan.runs[i].rate_of);
    if (out.find(line) == std::string::npos) out += line;
  }
  return "Hours are forwards over a stated rate (--rate R for yours), GB are before compression:\n" + out;
}

/// Each file once, with the runs that want it.
std::string missing_text(const ReproductionPlan& plan) {
  std::vector<std::pair<std::string, std::vector<std::string>>> wanted;
  for (std::size_t i = 0; i < plan.runs.size(); ++i)
    for (const std::string& what : plan.runs[i].missing) {
      auto it = std::find_if(wanted.begin(), wanted.end(), [&](const auto& w) { return w.first == what; });
      if (it == wanted.end()) it = wanted.insert(wanted.end(), {what, {}});
      it->second.push_back(fmt::format("{} {}", tables_of(plan, i), first_row_of(plan, i).row));
    }
  std::string out = wanted.empty() ? "" : "Missing:\n";
  for (const auto& [what, runs] : wanted) out += fmt::format("  - {}\n      for {}\n", what, fmt::join(runs, "; "));
  return out;
}

}  // namespace

std::string render_plan(const ReproductionPlan& plan) {
  std::vector<Line> lines{{"table", "row", "images", "NFE", "forwards", "hours", "GB", "state"}};
  for (std::size_t i = 0; i < plan.runs.size(); ++i) lines.push_back(line_of(plan, i));
  lines.push_back(total_line(plan));
  return aligned(lines) + rates_text(plan) + missing_text(plan);
}

Json plan_to_json(const ReproductionPlan& plan) {
  Json runs = Json::array();
  for (std::size_t i = 0; i < plan.runs.size(); ++i) {
    const PlannedRun& run = plan.runs[i];
    Json tables = Json::array();
    for (std::size_t r = 0; r < plan.rows.size(); ++r)
      if (plan.run_of_row[r] == i) tables.push_back(plan.rows[r].table);
    const auto known = [&](Json value) { return run.resolved ? std::move(value) : Json(); };
    runs.push_back({{"tables", tables},
                    {"row", first_row_of(plan, i).row},
                    {"size", first_row_of(plan, i).size},
                    {"config", run.config},
                    {"folder", run.folder.string()},
                    {"images", known(run.cost.images)},
                    {"nfe", known(run.cost.nfe)},
                    {"forwards", known(run.cost.forwards())},
                    {"hours", known(hours_of(run))},
                    {"forwards_per_second", run.forwards_per_second},
                    {"rate_of", run.rate_of},
                    {"disk_bytes", known(run.cost.disk_bytes)},
                    {"state", run.is_done            ? "done"
                              : !run.missing.empty() ? "missing"
                              : run.is_begun         ? "begun"
                                                     : "ready"},
                    {"missing", run.missing}});
  }
  return {{"schema", "alea.reproduction_plan"}, {"schema_version", 1}, {"runs", std::move(runs)}};
}

}  // namespace alea
