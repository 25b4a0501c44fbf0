#include <memory>

#include "cli/args.h"
#include "core/log.h"
#include "run/signals.h"
#include "run/thresholds.h"

namespace alea {

namespace {

struct ThresholdsArguments {
  ConfigArguments config;
  MachineArguments machine;
  ThresholdsRequest request;
  std::string out, per = "element";
  std::uint64_t first = 0;
};

int write_thresholds(ThresholdsArguments args, bool first_given) {
  args.machine.apply();
  args.request.per_element = args.per == "element";
  if (first_given) args.request.first = args.first;
  const StopOnSignal stop;
  write_thresholds_file(args.out, measure_thresholds(args.config.overridden(), args.config.path, args.request));
  print_answer(describe(load_thresholds_file(args.out)));
  log_info("for a guide: --set /guide/mask=thresholds --set /guide/thresholds={}", args.out);
  return 0;
}

}  // namespace

void add_thresholds_command(CLI::App& app, Action& action) {
  auto args = std::make_shared<ThresholdsArguments>();
  auto* command = add_command(
      app, "thresholds", "Quantiles of the uncertainty of unguided trajectories, at each step of a config's guide, for its mask.",
      "alea thresholds protocols/configs/guidance.fmnist.json --out thresholds.safetensors --count 1000");
  args->config.add_to(*command);
  args->machine.add_to(*command);
  command->add_option("--out", args->out, "File to write (safetensors)")->required();
  command->add_option("--count", args->request.count, "Images")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000'000}));
  auto* first = command->add_option("--first", args->first, "Their first id (default: after the config's own)");
  command->add_option("--per", args->per, "A value for each element and step, or one a step")
      ->capture_default_str()
      ->check(CLI::IsMember({"element", "step"}));
  command->callback([args, first, &action] { action = [args, first] { return write_thresholds(*args, first->count() > 0); }; });
}

}  // namespace alea
