#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace alea {

enum class LogLevel { debug, info, warning, error };

/// Everything but the answer goes to stderr, through spdlog: "12:03:11 info block done=118/235".
void set_log_level(LogLevel level);
void log_line(LogLevel level, std::string_view text);

template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
}

/// 45 -> "45s", 761 -> "12m41s", 3725 -> "1h02m".
std::string duration_text(double seconds);

struct ProgressState {
  std::string what, unit, note;
  std::uint64_t total = 0;         ///< 0 = not known: neither bar nor ETA
  std::uint64_t already_done = 0;  ///< by an earlier run: counts as done, not into the rate
  std::uint64_t done = 0;
  double seconds = 0;
};

/// "sampling [###.......] 118/600 images 12.3 images/s ETA 39s loss 0.043"; without a bar where bar_width is 0; complete or
/// `ended`, "in 12m41s" stands for the ETA.
std::string progress_text(const ProgressState& state, int bar_width, bool ended = false);

/// On a terminal one status line (bar, rate, ETA) at 2 Hz; elsewhere one plain line every 30 s and at the end. Silent where
/// the log level is above info. All members may be called from any thread.
class Progress {
 public:
  Progress(std::string what, std::string unit, std::uint64_t total, std::uint64_t already_done = 0);
  ~Progress();  ///< leaves the terminal on a fresh line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void add(std::uint64_t n);
  void note(std::string text);  ///< shown after the ETA: "loss 0.043"

 private:
  void draw(bool last);
  std::mutex mutex_;
  ProgressState state_;
  double started_s_, drawn_s_;
  bool terminal_;
};

}  // namespace alea
