#include "cli/args.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "core/config_extends.h"
#include "core/log.h"
#include "core/permissions.h"
#include "run/threads.h"

namespace alea {

namespace {

/// As a shell takes it for one word.
std::string shell_word(const std::string& text) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-=+,:@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& summary, const std::string& example) {
  CLI::App* command = parent.add_subcommand(name, "Example: " + example + "\n\n" + summary);
  command->add_flag_callback(
      "-q,--quiet", [] { set_log_level(LogLevel::warning); }, "Say only what went wrong");
  command->add_flag_callback(
      "-v,--verbose", [] { set_log_level(LogLevel::debug); }, "Say more");
  return command;
}

void ConfigArguments::add_to(CLI::App& command) {
  command.add_option("CONFIG", path, "Config file (JSON), as in protocols/configs")->required();
  command.add_option("--set", sets, "Override a value: /pointer=value (may be given again)")->expected(1)->take_all();
  command.add_option("--preset", preset, "What the config leaves open: paper or official-code (protocols/README.md)");
}

Json ConfigArguments::overridden() const {
  Json config = read_config_file(path);
  if (!preset.empty() && config.is_object()) config["preset"] = preset;
  for (const auto& assignment : sets) apply_set(config, assignment);
  return config;
}

std::string ConfigArguments::words() const {
  std::string text = shell_word(path);
  if (!preset.empty()) text += " --preset " + shell_word(preset);
  for (const auto& assignment : sets)
    if (!assignment.starts_with("/precision")) text += " --set " + shell_word(assignment);
  return text;
}

ResolvedConfig ConfigArguments::resolve() const {
  ResolvedConfig resolved = resolve_config(overridden(), path);
  resolved.source = words();
  return resolved;
}

std::filesystem::path ConfigArguments::default_folder() const {
  const char* root = std::getenv("ALEA_RUNS");
  return std::filesystem::path(root != nullptr && *root != '\0' ? root : "runs") / std::filesystem::path(path).stem();
}

void MachineArguments::add_to(CLI::App& command) {
  command.add_flag("--allow-code", allow_code, "Let .pt2 packages run: they are machine code of whoever made them");
  command.add_option("--device", device, "cpu, cuda or cuda:K")->capture_default_str();
  command.add_option("--threads", threads, "Threads, 0 for one a core; no result depends on it")
      ->capture_default_str()
      ->check(CLI::Range(0, 4096));
}

Device MachineArguments::apply() const {
  if (allow_code) allow_native_code();
  const Device chosen = parse_device(device);
  open_device(chosen);  // before anything else touches the tensor library
  use_threads(threads);
  return chosen;
}

void MachineArguments::apply_on_cpu() const {
  if (const Device chosen = parse_device(device); chosen.kind != Device::Kind::cpu)
    fail(ErrorCode::config, "--device {}: this command computes on the CPU; leave --device out", chosen.name());
  apply();
}

Shard parse_shard(const std::string& text) {
  Shard shard;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, shard.k);
  if (first.ec == std::errc{} && first.ptr != end && *first.ptr == '/') {
    const auto second = std::from_chars(first.ptr + 1, end, shard.n);
    if (second.ec == std::errc{} && second.ptr == end && shard.k < shard.n) return shard;
  }
  fail(ErrorCode::usage, "--shard \"{}\": expected k/n with 0 <= k < n, for example 0/4", text);
}

void print_answer(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  if (!text.ends_with('\n')) std::fputc('\n', stdout);
  if (std::fflush(stdout) != 0) fail(ErrorCode::io, "standard output can't be written");
}

}  // namespace alea
