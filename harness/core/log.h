#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/core.h>

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

/// On a terminal one status line (bar, rate, ETA) at 2 Hz; elsewhere one plain line every 30 s and at the end.
class Progress {
 public:
  Progress(std::string what, std::string unit, std::uint64_t total, std::uint64_t already_done = 0);
  ~Progress();  ///< leaves the terminal on a fresh line
  Progress(const Progress&) = delete;
  void add(std::uint64_t n);
  void note(std::string text);  ///< shown after the ETA: "loss 0.043"

 private:
  void draw(bool last);
  std::string what_, unit_, note_;
  std::uint64_t total_, done_, start_;
  double started_s_, drawn_s_ = 0;
  bool terminal_;
};

}  // namespace alea
