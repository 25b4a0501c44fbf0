#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocols/reproduce_list.h"
#include "results/reproduction.h"
#include "run/device.h"
#include "run/planned_cost.h"
#include "run/runner.h"

namespace alea {

/// One config to carry out; rows of several tables may read its record.
struct PlannedRun {
  std::string config;  ///< as the list says it
  std::filesystem::path folder;
  std::optional<ResolvedConfig> resolved;  ///< absent where a file is missing that resolving needs
  std::vector<std::string> missing;
  PlannedCost cost;
  double forwards_per_second = 0;
  std::string rate_of;
  bool is_done = false;  ///< its record is there
  bool is_begun = false;
};

struct ReproductionPlan {
  std::vector<ReproduceRow> rows;
  std::vector<std::size_t> run_of_row;
  std::vector<PlannedRun> runs;
};

/// Each config's folder is OUT/<its path in the list, without .json>. `rate` in forwards a second stands for the systems' own.
/// Error{config} for a config that can't be resolved.
ReproductionPlan plan_reproduction(const ReproduceList& list, std::vector<ReproduceRow> rows, const std::filesystem::path& out,
                                   std::optional<double> rate);

/// For people and for machines: rows, forwards, hours, disk, and what is missing with the command that gets it.
std::string render_plan(const ReproductionPlan& plan);
Json plan_to_json(const ReproductionPlan& plan);

/// Carries the runs out one after the other, each as `alea run` would; one whose record is there isn't made again, one that
/// misses a file is left out. The records by run, null for those. Stopped at any point, the same call goes on. Errors as
/// carry_out.
std::vector<std::shared_ptr<const Record>> carry_out_plan(const ReproductionPlan& plan, const Device& device);

/// The paper's tables with the records in them, in the list's order of tables.
std::vector<ReproducedTable> reproduced_tables(const ReproduceList& list, const PublishedPaper& paper,
                                               const ReproductionPlan& plan,
                                               const std::vector<std::shared_ptr<const Record>>& records);

}  // namespace alea
