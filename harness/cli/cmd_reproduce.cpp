#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "cli/args.h"
#include "core/files.h"
#include "core/log.h"
#include "core/share.h"
#include "run/reproduce.h"
#include "run/signals.h"

namespace alea {

namespace {

constexpr const char* kSummary =
    "Run rows of the paper's tables and print them with the paper's numbers beside ours. The same command resumes, and a file "
    "that isn't there costs its row alone (exit status 4 at the end).\n"
    "--size paper is the six systems at full size with the published weights; smoke and committed are the embedded network, in "
    "minutes and in hours. --dry-run says what each row takes and which files are missing, with the command that gets them.";

struct ReproduceArguments {
  std::string table, size = "paper", folder, format = "terminal", list;
  std::vector<std::string> rows;
  std::optional<double> rate;
  bool dry_run = false;
  MachineArguments machine;
};

std::filesystem::path default_folder() {
  const char* root = std::getenv("ALEA_RUNS");
  return std::filesystem::path(root != nullptr && *root != '\0' ? root : "runs") / "reproduce";
}

std::string rendered(const std::vector<ReproducedTable>& tables, const Json& json, const std::string& format) {
  if (format == "json") return json.dump(2);
  if (format == "md") return render_reproduction(tables, TableFormat::markdown, false);
  if (format == "latex") return render_reproduction(tables, TableFormat::latex, false);
  return render_reproduction(tables, TableFormat::terminal, isatty(STDOUT_FILENO) == 1);
}

int status_of(const ReproductionPlan& plan, const std::vector<std::shared_ptr<const Record>>& records) {
  if (std::any_of(plan.runs.begin(), plan.runs.end(), [](const PlannedRun& run) { return !run.missing.empty(); }))
    return exit_status(ErrorCode::io);
  const bool all_valid = std::all_of(records.begin(), records.end(), [](const auto& r) { return r->invalid_reasons.empty(); });
  return all_valid ? 0 : exit_status(ErrorCode::not_comparable);
}

int reproduce_command(const ReproduceArguments& args) {
  const ReproduceList list =
      read_reproduce_list(args.list.empty() ? shipped_file("protocols/reproduce.json") : std::filesystem::path(args.list));
  auto rows = select_rows(list, args.table, args.size, args.rows);
  const Device device = args.dry_run ? Device{} : args.machine.apply();
  const PublishedPaper paper = read_published(list.published);
  const std::filesystem::path out = args.folder.empty() ? default_folder() : std::filesystem::path(args.folder);
  const ReproductionPlan plan = plan_reproduction(list, std::move(rows), out, args.rate);
  if (args.dry_run) {
    print_answer(args.format == "json" ? plan_to_json(plan).dump(2) : render_plan(plan));
    return 0;
  }
  for (const PlannedRun& run : plan.runs)
    for (const std::string& what : run.missing) log_warning("{}: {}", run.config, what);
  const StopOnSignal stop;
  const auto records = carry_out_plan(plan, device);
  const auto tables = reproduced_tables(list, paper, plan, records);
  const Json json = reproduction_to_json(tables, paper.paper);
  print_answer(rendered(tables, json, args.format));
  return status_of(plan, records);
}

}  // namespace

void add_reproduce_command(CLI::App& app, Action& action) {
  auto args = std::make_shared<ReproduceArguments>();
  auto* command = add_command(app, "reproduce", kSummary, "alea reproduce all --size smoke --out runs/reproduce");
  command->add_option("TABLE", args->table, "table1 to table6, fig3 and so on, or all")->required();
  command->add_option("--rows", args->rows, "Only these systems: imagenet64.adm,cifar10.ddpm")->delimiter(',');
  command->add_option("--size", args->size, "smoke, committed or paper")->capture_default_str();
  command->add_option("--out", args->folder, "Folder of the runs' folders (default: reproduce in $ALEA_RUNS or runs)");
  command->add_flag("--dry-run", args->dry_run, "Print the plan and run nothing");
  command->add_option("--format", args->format, "terminal, md, latex or json")
      ->capture_default_str()
      ->check(CLI::IsMember({"terminal", "md", "latex", "json"}));
  command->add_option("--rate", args->rate, "Forwards a second of your device, for the plan's hours")->check(CLI::PositiveNumber);
  command->add_option("--list", args->list, "Another list of rows (default: protocols/reproduce.json)");
  args->machine.add_to(*command);
  command->callback([args, &action] { action = [args] { return reproduce_command(*args); }; });
}

}  // namespace alea
