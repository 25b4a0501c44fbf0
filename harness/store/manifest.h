#pragma once

#include <filesystem>
#include <string>

#include "core/config.h"

namespace alea {

/// What a run's folder is: written once, before anything else in it.
Json make_manifest(const Json& config, std::uint64_t n_samples, std::uint32_t block);

/// Error{io} when absent, Error{data} when it isn't a whole manifest, Error{not_comparable} when its format version is newer.
Json read_manifest(const std::filesystem::path& path);

/// Error{not_comparable} naming `folder`, the first pointer that differs and both values, unless both describe one run.
void check_same_run(const Json& found, const Json& wanted, const std::filesystem::path& folder);

struct Difference {
  std::string pointer;      ///< empty: none
  std::string left, right;  ///< compact JSON, shortened; "absent"
};
/// The first in the order of sorted keys. 1 and 1.0 differ, since their hashes do.
Difference first_difference(const Json& left, const Json& right, const std::string& pointer = "");

}  // namespace alea
