#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <exception>

#include "cli/commands.h"
#include "core/big_buffers.h"
#include "core/error.h"
#include "core/provenance.h"

namespace alea {

namespace {

void add_commands(CLI::App& app, Action& action) {
  add_run_command(app, action);
  add_sample_command(app, action);
  add_score_command(app, action);
  add_validate_command(app, action);
  add_list_command(app, action);
  add_store_command(app, action);
  add_stats_command(app, action);
  add_train_command(app, action);
}

int command_line(int argc, char** argv) {
  CLI::App app(
      "Example: alea run protocols/configs/demo.fmnist.json --out runs/demo\n\nEvaluates the uncertainty of diffusion models.",
      "alea");
  app.require_subcommand(1);
  app.set_version_flag("--version", provenance().value("alea", "unknown"));
  Action action;
  add_commands(app, action);
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
