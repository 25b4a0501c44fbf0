#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace alea {

/// What the command line asked for: set by the chosen subcommand's callback, called after parsing; returns the exit status.
using Action = std::function<int()>;

/// Each adds one subcommand. A new command is one file with such a function, a line here and a line in main.cpp; help opens with
/// an example (see add_command).
void add_run_command(CLI::App& app, Action& action);
void add_sample_command(CLI::App& app, Action& action);
void add_score_command(CLI::App& app, Action& action);
void add_validate_command(CLI::App& app, Action& action);
void add_list_command(CLI::App& app, Action& action);
void add_store_command(CLI::App& app, Action& action);
void add_stats_command(CLI::App& app, Action& action);
void add_metrics_command(CLI::App& app, Action& action);
void add_reproduce_command(CLI::App& app, Action& action);
void add_ause_command(CLI::App& app, Action& action);
void add_thresholds_command(CLI::App& app, Action& action);
void add_train_command(CLI::App& app, Action& action);

}  // namespace alea
