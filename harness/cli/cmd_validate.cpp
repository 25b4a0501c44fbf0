#include <memory>

#include "cli/args.h"
#include "run/runner.h"

namespace alea {

void add_validate_command(CLI::App& app, Action& action) {
  auto args = std::make_shared<ConfigArguments>();
  auto* command = add_command(
      app, "validate", "Check a config and every file it names, and say what a run would do. All problems are listed at once.",
      "alea validate protocols/configs/demo.fmnist.json");
  args->add_to(*command);
  command->callback([args, &action] {
    action = [args] {
      print_answer("ok\n" + check_run(args->resolve()));
      return 0;
    };
  });
}

}  // namespace alea
