#include "core/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/provenance.h"

namespace alea {
namespace {

constexpr double kTerminalPeriod = 0.5, kPlainPeriod = 30;
constexpr int kBarWidth = 24, kUsualTerminalWidth = 80;

/// Guards the last line of the terminal, which the log and the progress bar share.
struct Output {
  std::mutex mutex;
  bool has_status_line = false;
  spdlog::logger logger{"alea", std::make_shared<spdlog::sinks::stderr_sink_st>()};

  Output() {
    logger.set_pattern("%H:%M:%S %l %v");
    logger.flush_on(spdlog::level::trace);
  }
};

Output& output() {
  static auto* the = new Output;  // never destroyed: destructors of other statics may log
  return *the;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : kUsualTerminalWidth;
}

void write_status_line(std::string text, bool last) {
  Output& out = output();
  const std::lock_guard lock(out.mutex);
  if (!out.logger.should_log(spdlog::level::info)) return;
  text.resize(std::min(text.size(), terminal_width() - 1));  // a wrapped line can't be overwritten
  fmt::print(stderr, "\r\033[K{}{}", text, last ? "\n" : "");
  std::fflush(stderr);
  out.has_status_line = !last;
}

std::string bar_text(const ProgressState& state, int width) {
  const double part = std::min(1.0, static_cast<double>(state.done) / static_cast<double>(state.total));
  const auto full = static_cast<std::size_t>(part * width);
  return " [" + std::string(full, '#') + std::string(static_cast<std::size_t>(width) - full, '.') + "]";
}

}  // namespace

void set_log_level(LogLevel level) { output().logger.set_level(spdlog_level(level)); }

void log_line(LogLevel level, std::string_view text) {
  Output& out = output();
  const std::lock_guard lock(out.mutex);
  if (out.has_status_line && out.logger.should_log(spdlog_level(level))) fmt::print(stderr, "\r\033[K");
  out.logger.log(spdlog_level(level), spdlog::string_view_t(text.data(), text.size()));
}

std::string duration_text(double seconds) {
  const auto whole = std::llround(std::max(0.0, seconds));
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}h{:02}m", whole / 3600, whole % 3600 / 60);
}

std::string progress_text(const ProgressState& state, int bar_width, bool ended) {
  const bool known = state.total > 0;
  std::string text = state.what;
  if (known && bar_width > 0) text += bar_text(state, bar_width);
  text += known ? fmt::format(" {}/{} {}", state.done, state.total, state.unit) : fmt::format(" {} {}", state.done, state.unit);
  const double rate = state.seconds > 0 ? static_cast<double>(state.done - state.already_done) / state.seconds : 0;
  if (rate > 0) text += fmt::format(" {:.3g} {}/s", rate, state.unit);
  if (ended || (known && state.done >= state.total))
    text += " in " + duration_text(state.seconds);
  else if (known && rate > 0)
    text += " ETA " + duration_text(static_cast<double>(state.total - state.done) / rate);
  if (!state.note.empty()) text += " " + state.note;
  return text;
}

Progress::Progress(std::string what, std::string unit, std::uint64_t total, std::uint64_t already_done)
    : state_{std::move(what), std::move(unit), {}, total, already_done, already_done, 0},
      started_s_(monotonic_seconds()),
      drawn_s_(started_s_),
      terminal_(isatty(STDERR_FILENO) == 1) {
  if (terminal_) draw(false);
}

Progress::~Progress() { draw(true); }

void Progress::add(std::uint64_t n) {
  const std::lock_guard lock(mutex_);
  state_.done += n;
  if (monotonic_seconds() - drawn_s_ >= (terminal_ ? kTerminalPeriod : kPlainPeriod)) draw(false);
}

void Progress::note(std::string text) {
  const std::lock_guard lock(mutex_);
  state_.note = std::move(text);
}

void Progress::draw(bool last) {
  drawn_s_ = monotonic_seconds();
  state_.seconds = drawn_s_ - started_s_;
  const std::string text = progress_text(state_, terminal_ ? kBarWidth : 0, last);
  if (terminal_)
    write_status_line(text, last);
  else
    log_line(LogLevel::info, text);
}

}  // namespace alea
