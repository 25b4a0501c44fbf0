#include <memory>

#include "cli/args.h"
#include "core/log.h"
#include "results/record.h"
#include "run/ledger.h"
#include "run/runner.h"
#include "run/signals.h"

namespace alea {

namespace {

struct RunArguments {
  ConfigArguments config;
  MachineArguments machine;
  std::string folder;
  std::uint64_t limit = 0;
  std::string shard;
  bool json = false;
};

void add_generation_options(CLI::App& command, RunArguments& args) {
  args.config.add_to(command);
  args.machine.add_to(command);
  command.add_option("--out", args.folder, "The run's folder (default: $ALEA_RUNS or runs, then the config's name)");
  command.add_option("--limit", args.limit, "Generate only the first N samples; the record is INVALID")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
  command.add_option("--shard", args.shard, "k/n: generate only the blocks of shard k of n");
}

void add_json_flag(CLI::App& command, RunArguments& args) {
  command.add_flag("--json", args.json, "Print the record as JSON instead of the table");
}

RunOptions run_options(const RunArguments& args) {
  RunOptions options;
  options.folder = args.folder.empty() ? args.config.default_folder() : std::filesystem::path(args.folder);
  if (args.limit > 0) options.limit = args.limit;
  if (!args.shard.empty()) {
    const Shard shard = parse_shard(args.shard);
    options.shard = shard.k;
    options.n_shards = shard.n;
  }
  return options;
}

/// Says what came out and with which exit status.
int report(const RunOutcome& outcome, const std::filesystem::path& folder, bool json) {
  if (!outcome.record) {
    log_info("{}", outcome.message);
    return 0;
  }
  print_answer(json ? record_to_json(*outcome.record).dump(2)
                    : render_table(*outcome.record) + render_estimators(*outcome.record, generation_seconds(folder)));
  log_info("record: {}", (folder / "record.json").string());
  return outcome.record->invalid_reasons.empty() ? 0 : exit_status(ErrorCode::not_comparable);
}

int carry_out_command(const RunArguments& args, Stages stages) {
  const Device device = args.machine.apply();
  const ResolvedConfig config = args.config.resolve();
  RunOptions options = run_options(args);
  options.device = device;
  const StopOnSignal stop;
  return report(carry_out(config, options, stages), options.folder, args.json);
}

}  // namespace

void add_run_command(CLI::App& app, Action& action) {
  auto args = std::make_shared<RunArguments>();
  auto* command =
      add_command(app, "run", "Generate what is missing, then score: fills DIR and prints the record. The same command resumes.",
                  "alea run protocols/configs/demo.fmnist.json --out runs/demo");
  add_generation_options(*command, *args);
  add_json_flag(*command, *args);
  command->callback([args, &action] { action = [args] { return carry_out_command(*args, Stages::sample_and_score); }; });
}

void add_sample_command(CLI::App& app, Action& action) {
  auto args = std::make_shared<RunArguments>();
  auto* command = add_command(app, "sample", "Generate what is missing in DIR, and don't score.",
                              "alea sample protocols/configs/demo.fmnist.json --out runs/demo --shard 0/2");
  add_generation_options(*command, *args);
  command->callback([args, &action] { action = [args] { return carry_out_command(*args, Stages::sample); }; });
}

void add_score_command(CLI::App& app, Action& action) {
  auto args = std::make_shared<RunArguments>();
  auto* command =
      add_command(app, "score", "Score a folder whose samples are complete, and print the record.", "alea score runs/demo");
  command->add_option("DIR", args->folder, "The run's folder")->required();
  args->machine.add_to(*command);
  add_json_flag(*command, *args);
  command->callback([args, &action] {
    action = [args] {
      args->machine.apply_on_cpu();
      const StoredRun run = open_run(args->folder);
      const StopOnSignal stop;
      return report(carry_out(run.config, run.options, Stages::score), run.options.folder, args->json);
    };
  });
}

}  // namespace alea
