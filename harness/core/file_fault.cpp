#include "core/file_fault.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string_view>

#include "core/error.h"
#include "core/files.h"

namespace alea {
namespace {

std::optional<FileFault> parse_fault(std::string_view text) {
  static const std::map<std::string_view, int> kOutcomes = {
      {"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EROFS", EROFS}, {"KILL", FileFault::kKill}, {"SHORT", FileFault::kShortWrite}};
  const auto colon = text.find(':');
  if (colon == text.npos) return std::nullopt;
  FileFault fault;
  const auto [end, error] = std::from_chars(text.data(), text.data() + colon, fault.countdown);
  const auto outcome = kOutcomes.find(text.substr(colon + 1));
  if (error != std::errc{} || end != text.data() + colon || fault.countdown < 1 || outcome == kOutcomes.end())
    return std::nullopt;
  fault.error_number = outcome->second;
  return fault;
}

std::optional<FileFault> fault_of_environment() {
  const char* text = std::getenv("ALEA_FAULT");
  if (text == nullptr || *text == '\0') return std::nullopt;
  const auto fault = parse_fault(text);
  if (!fault) fail(ErrorCode::usage, "ALEA_FAULT=\"{}\": expected \"N:ENOSPC\", EIO, EROFS, KILL or SHORT, N from 1", text);
  return fault;
}

struct Plan {
  std::mutex mutex;
  std::optional<FileFault> fault = fault_of_environment();
};

Plan& plan() {
  static Plan instance;
  return instance;
}

}  // namespace

void inject_file_fault(std::optional<FileFault> fault) {
  ALEA_CHECK(!fault || fault->countdown >= 1, "a fault falls on the first operation at the earliest");
  const std::lock_guard lock(plan().mutex);
  plan().fault = fault;
}

std::optional<int> file_fault_due() {
  const std::lock_guard lock(plan().mutex);
  auto& fault = plan().fault;
  if (!fault || --fault->countdown > 0) return std::nullopt;
  const int outcome = fault->error_number;
  fault.reset();
  return outcome;
}

}  // namespace alea
