#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <sstream>

#include "cli/commands.h"
#include "core/big_buffers.h"
#include "core/config.h"
#include "core/error.h"
#include "core/provenance.h"

namespace alea {

namespace {

/// Help of the program names each command by its summary, without the example that opens the command's own help.
class Formatter final : public CLI::Formatter {
 public:
  std::string make_subcommand(const CLI::App* command) const override {
    const std::string description = command->get_description();
    const auto summary = description.find("\n\n");
    std::stringstream out;
    CLI::detail::format_help(out, command->get_name(),
                             summary == std::string::npos ? description : description.substr(summary + 2), column_width_);
    return out.str();
  }
};

/// A word that should be a command and isn't: the parser would only say that a command is missing.
void check_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), argv[1]) == names.end())
    fail(ErrorCode::usage, "\"{}\" is not a command{}", argv[1], suggestion(argv[1], names));
}

void add_commands(CLI::App& app, Action& action) {
  add_run_command(app, action);
  add_sample_command(app, action);
  add_score_command(app, action);
  add_validate_command(app, action);
  add_list_command(app, action);
  add_store_command(app, action);
  add_stats_command(app, action);
  add_metrics_command(app, action);
  add_reproduce_command(app, action);
  add_ause_command(app, action);
  add_thresholds_command(app, action);
  add_train_command(app, action);
}

int command_line(int argc, char** argv) {
  CLI::App app(
      "Example: alea run protocols/configs/demo.fmnist.json --out runs/demo\n\nEvaluates the uncertainty of diffusion models.",
      "alea");
  app.formatter(std::make_shared<Formatter>());
  app.require_subcommand(1);
  app.set_version_flag("--version", provenance().value("alea", "unknown"));
  Action action;
  add_commands(app, action);
  check_command(app, argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_status(ErrorCode::usage);
  }
  return action();
}

}  // namespace

}  // namespace alea

int main(int argc, char** argv) {
  alea::keep_big_buffers();
  try {
    return alea::command_line(argc, argv);
  } catch (const alea::Error& error) {
    std::fprintf(stderr, "alea: %s\n", error.what());
    return alea::exit_status(error.code());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "alea: a bug of ours, please report it: %s\n", error.what());
    return alea::exit_status(alea::ErrorCode::internal);
  }
}
