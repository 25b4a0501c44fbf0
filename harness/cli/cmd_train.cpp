#include <memory>

#include "cli/args.h"
#include "core/config_extends.h"
#include "run/signals.h"
#include "train/train.h"

namespace alea {

namespace {

struct TrainArguments {
  std::string config, out;
  std::vector<std::string> sets;
  MachineArguments machine;
};

int train_command(const TrainArguments& args) {
  args.machine.apply_on_cpu();
  Json config = read_config_file(args.config);
  for (const auto& assignment : args.sets) apply_set(config, assignment);
  const StopOnSignal signals;
  train({.config = config, .source = args.config, .out = args.out, .stopped = stop_requested});
  print_answer(fmt::format("trained: {}\n", args.out));
  return 0;
}

}  // namespace

void add_train_command(CLI::App& app, Action& action) {
  auto args = std::make_shared<TrainArguments>();
  auto* command = add_command(
      app, "train", "Train an embedded network, or fit a Laplace approximation to any; the same command goes on after a stop.",
      "alea train data/embedded/fmnist_laplace.train.json --out runs/laplace");
  command->add_option("CONFIG", args->config, "What to train (JSON)")->required();
  command->add_option("--out", args->out, "Folder of the checkpoint and of all that is made")->required();
  command->add_option("--set", args->sets, "Override: /pointer=value (may be repeated)");
  args->machine.add_to(*command);
  command->callback([args, &action] { action = [args] { return train_command(*args); }; });
}

}  // namespace alea
