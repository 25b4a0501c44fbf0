#include "core/error.h"

#include <filesystem>

namespace alea {

int exit_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::regression:
      return 1;
    case ErrorCode::usage:
    case ErrorCode::config:
      return 2;
    case ErrorCode::not_comparable:
    case ErrorCode::domain:
      return 3;
    case ErrorCode::data:
    case ErrorCode::io:
    case ErrorCode::shape:
      return 4;
    case ErrorCode::interrupted:
      return 130;
    case ErrorCode::internal:
      return 5;
  }
  return 5;
}

Error& Error::add_context(std::string_view context) {
  message_.insert(0, fmt::format("{}: ", context));
  return *this;
}

void fail_check(const char* expression, const char* file, int line, const std::string& message) {
  fail(ErrorCode::internal, "{}:{}: {} (\"{}\" doesn't hold); this is a bug in alea, please report it",
       std::filesystem::path(file).filename().string(), line, message, expression);
}

}  // namespace alea
