#pragma once

#include <optional>

namespace alea {

/// Counts one file operation. Its planned outcome when the fault falls on it: an errno, FileFault::kKill or
/// FileFault::kShortWrite.
std::optional<int> file_fault_due();

}  // namespace alea
