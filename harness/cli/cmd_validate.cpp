#include <memory>

#include "cli/args.h"
#include "run/runner.h"
#include "run/signals.h"
#include "run/validate_precision.h"

namespace alea {

namespace {

constexpr const char* kSummary =
    "Check a config and every file it names, and say what a run would do. All problems are listed at once.\n"
    "With --precision: sample the first images in float32 and in that arithmetic, and compare scores, kept sets and pixels. A "
    "run "
    "below float32 needs such a file that passes (/precision_validation).";

struct ValidateArguments {
  ConfigArguments config;
  MachineArguments machine;
  std::string precision, out;
  std::uint64_t ids = kLeastImages;
  bool json = false;
};

int compare_precisions(const ValidateArguments& args, const ResolvedConfig& config) {
  const StopOnSignal stop;
  const PrecisionValidation validation = validate_precision(config, args.precision, args.ids);
  if (!args.out.empty()) write_validation(args.out, validation);
  print_answer(args.json ? validation_to_json(validation).dump(2) : render_validation(validation));
  return objections(validation).empty() ? 0 : exit_status(ErrorCode::regression);
}

int validate_command(const ValidateArguments& args) {
  args.machine.apply();
  const ResolvedConfig config = args.config.resolve();
  if (!args.precision.empty()) return compare_precisions(args, config);
  print_answer("ok\n" + check_run(config));
  return 0;
}

}  // namespace

void add_validate_command(CLI::App& app, Action& action) {
  auto args = std::make_shared<ValidateArguments>();
  auto* command = add_command(app, "validate", kSummary,
                              "alea validate protocols/configs/demo.fmnist.json --precision bfloat16 --out demo.bfloat16.json");
  args->config.add_to(*command);
  args->machine.add_to(*command);
  auto* precision = command->add_option("--precision", args->precision, "bfloat16 or float16: compare it with float32")
                        ->check(CLI::IsMember({"bfloat16", "float16"}));
  command->add_option("--ids", args->ids, "Images to compare; fewer than 2000 are not enough to allow a run")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{2}, std::uint64_t{1'000'000'000}))
      ->needs(precision);
  command->add_option("--out", args->out, "Write what was found (JSON), for /precision_validation")->needs(precision);
  command->add_flag("--json", args->json, "Print that JSON instead of the table")->needs(precision);
  command->callback([args, &action] { action = [args] { return validate_command(*args); }; });
}

}  // namespace alea
