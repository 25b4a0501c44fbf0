#pragma once

#include <optional>
#include <string>

namespace alea {

/// What this program was built from, as its build knew it.
struct BuildInfo {
  std::string version = "unknown";       ///< of alea: "0.1.0"
  std::string git_revision = "unknown";  ///< 40 hex digits
  std::optional<bool> git_dirty;         ///< the sources differed from that revision
  std::string build_type = "unknown";    ///< CMAKE_BUILD_TYPE
  std::optional<bool> native;            ///< compiled for the processor of the machine that built it
};

const BuildInfo& build_info();

}  // namespace alea
