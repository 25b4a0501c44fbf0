#pragma once

#include <string>
#include <string_view>

namespace alea {

/// Holds a file to the hash that somebody wrote down: whole, or its first 8 or more digits, as names of published files carry
/// them. Error{data} with both hashes and `mend` unless `found` (sha256_file) begins so; Error{config} for an `expected` that is
/// no such thing. `source` is named in both.
void require_sha256(const std::string& source, std::string_view expected, std::string_view found, std::string_view mend);

}  // namespace alea
