#include "run/reproduce.h"

#include <algorithm>

#include "core/config_extends.h"
#include "core/files.h"
#include "core/log.h"
#include "run/signals.h"

namespace alea {
namespace {

/// "configs/paper/imagenet64.adm.json" -> OUT/configs/paper/imagenet64.adm
fs::path folder_of(const fs::path& out, const std::string& config) { return out / fs::path(config).replace_extension(""); }

/// The record of an earlier session, where it is that of this config.
std::shared_ptr<const Record> stored_record(const PlannedRun& run) {
  const fs::path path = run.folder / "record.json";
  if (!run.resolved || !fs::exists(path)) return nullptr;
  auto record = std::make_shared<Record>(read_record(path));
  return record->config_sha256 == json_sha256(run.resolved->config) ? record : nullptr;
}

PlannedRun planned_run(const ReproduceRow& row, const ReproduceSystem& system, const fs::path& out, std::optional<double> rate) {
  PlannedRun run;
  run.config = row.config;
  run.folder = folder_of(out, row.config);
  run.forwards_per_second = rate.value_or(system.forwards_per_second);
  run.rate_of = rate ? "--rate" : system.rate_of;
  const Json config = read_config_file(row.path);
  run.missing = missing_before_resolving(config);
  run.is_begun = fs::exists(run.folder);
  if (!run.missing.empty()) return run;
  run.resolved = resolve_config(config, row.path.string());
  run.cost = planned_cost(run.resolved->protocol->plan());
  run.is_done = stored_record(run) != nullptr;
  if (!run.is_done) run.missing = missing_files(*run.resolved, system.training_images);
  return run;
}

std::size_t run_with(const ReproductionPlan& plan, const std::string& config) {
  const auto it = std::find_if(plan.runs.begin(), plan.runs.end(), [&](const PlannedRun& run) { return run.config == config; });
  return static_cast<std::size_t>(it - plan.runs.begin());
}

ReproductionRow row_of(const ReproduceList& list, const ReproduceRow& row, const PlannedRun& run,
                       std::shared_ptr<const Record> record) {
  const ReproduceSystem& system = list.system(row.row);
  ReproductionRow out{row.row, system.model, system.data, row.size, std::move(record), run.missing, {}};
  const std::string features = run.resolved ? run.resolved->protocol->plan().feature_network : "";
  const auto columns = list.columns.find(row.table);
  if (columns == list.columns.end()) return out;
  for (const auto& [column, pattern] : columns->second) out.metrics[column] = metric_of(pattern, features);
  return out;
}

}  // namespace

ReproductionPlan plan_reproduction(const ReproduceList& list, std::vector<ReproduceRow> rows, const fs::path& out,
                                   std::optional<double> rate) {
  ReproductionPlan plan;
  for (const ReproduceRow& row : rows) {
    const std::size_t at = run_with(plan, row.config);
    if (at == plan.runs.size()) plan.runs.push_back(planned_run(row, list.system(row.row), out, rate));
    plan.run_of_row.push_back(at);
  }
  plan.rows = std::move(rows);
  return plan;
}

std::vector<std::shared_ptr<const Record>> carry_out_plan(const ReproductionPlan& plan, const Device& device) {
  std::vector<std::shared_ptr<const Record>> out;
  for (std::size_t i = 0; i < plan.runs.size(); ++i) {
    const PlannedRun& run = plan.runs[i];
    throw_if_stopped();
    out.push_back(stored_record(run));
    if (out.back() != nullptr || !run.missing.empty()) continue;
    log_info("run {} of {}: {} -> {}", i + 1, plan.runs.size(), run.config, run.folder.string());
    RunOptions options;
    options.folder = run.folder;
    options.device = device;
    out.back() = std::make_shared<const Record>(carry_out(*run.resolved, options, Stages::sample_and_score).record.value());
  }
  return out;
}

std::vector<ReproducedTable> reproduced_tables(const ReproduceList& list, const PublishedPaper& paper,
                                               const ReproductionPlan& plan,
                                               const std::vector<std::shared_ptr<const Record>>& records) {
  std::vector<std::string> names;
  for (const ReproduceRow& row : plan.rows)
    if (std::find(names.begin(), names.end(), row.table) == names.end()) names.push_back(row.table);
  std::vector<ReproducedTable> out;
  for (const std::string& name : names) {
    std::vector<ReproductionRow> rows;
    for (std::size_t i = 0; i < plan.rows.size(); ++i)
      if (plan.rows[i].table == name)
        rows.push_back(row_of(list, plan.rows[i], plan.runs[plan.run_of_row[i]], records[plan.run_of_row[i]]));
    out.push_back(reproduced_table(name, paper.find_table(name), std::move(rows)));
  }
  return out;
}

}  // namespace alea
