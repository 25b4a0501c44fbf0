#pragma once

#include <fmt/core.h>

#include <exception>
#include <string>
#include <string_view>

namespace alea {

/// What went wrong, in the terms that decide the exit status (see exit_status).
enum class ErrorCode {
  usage,           ///< the command line
  config,          ///< a configuration that can't be carried out as written
  regression,      ///< a gate failed
  not_comparable,  ///< two things that must not be compared or mixed, or a run that is INVALID
  data,            ///< a file whose content is damaged, truncated, of another kind, or has another hash
  io,              ///< the operating system refused: missing file, full disk, permission
  shape,           ///< a tensor or array of another shape or dtype than the caller promised
  domain,          ///< a number outside the range where the formula holds
  interrupted,     ///< stopped by a signal; the same command goes on
  internal,        ///< a bug of ours
};

/// 0 ok, 1 regression, 2 usage or config, 3 not comparable or INVALID, 4 input/output, missing file or hash, 5 our bug, 130
/// interrupted.
int exit_status(ErrorCode code);

/// The one exception type. Thrown when the command can't do what was asked; an outcome that science expects is a value instead.
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  /// Puts "context: " before the message, so that the outermost context is read first.
  Error& add_context(std::string_view context);

  ErrorCode code() const { return code_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  ErrorCode code_;
  std::string message_;
};

template <class... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

[[noreturn]] void fail_check(const char* expression, const char* file, int line, const std::string& message);

}  // namespace alea

/// Guards an assumption about our own code: ErrorCode::internal with file and line.
#define ALEA_CHECK(condition, ...)                                                                  \
  do {                                                                                              \
    if (!(condition)) ::alea::fail_check(#condition, __FILE__, __LINE__, fmt::format(__VA_ARGS__)); \
  } while (false)
