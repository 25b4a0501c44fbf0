#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "protocols/protocol.h"
#include "run/device.h"

namespace alea {

/// A subcommand whose --help opens with an example. It has -q and -v already.
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& summary, const std::string& example);

/// CONFIG, --set and --preset.
struct ConfigArguments {
  std::string path;
  std::vector<std::string> sets;
  std::string preset;

  void add_to(CLI::App& command);
  /// Reads and overrides. Error{io}, Error{usage} or Error{config}.
  Json overridden() const;
  /// And resolves.
  ResolvedConfig resolve() const;
  /// "runs/demo.fmnist" for protocols/configs/demo.fmnist.json, below $ALEA_RUNS where that is set.
  std::filesystem::path default_folder() const;

 private:
  std::string words() const;  ///< what a command line says for the same config, but for its precision
};

/// --device, --threads and --allow-code.
struct MachineArguments {
  std::string device = "cpu";
  int threads = 0;
  bool allow_code = false;

  void add_to(CLI::App& command);
  Device apply() const;       ///< the device, opened
  void apply_on_cpu() const;  ///< of a command that has no use for another device: Error{config} where one is asked for
};

/// "k/n" with k < n. Error{usage}.
struct Shard {
  std::uint32_t k = 0, n = 1;
};
Shard parse_shard(const std::string& text);

/// The answer, on stdout.
void print_answer(const std::string& text);

}  // namespace alea
