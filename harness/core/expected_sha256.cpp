#include "core/expected_sha256.h"

#include "core/error.h"

namespace alea {

void require_sha256(const std::string& source, std::string_view expected, std::string_view found, std::string_view mend) {
  constexpr std::size_t kShortest = 8;
  if (expected.size() < kShortest || expected.find_first_not_of("0123456789abcdef") != expected.npos)
    fail(ErrorCode::config, "{}: expected a sha256 of 64 hex digits or its first 8 or more, found \"{}\"", source, expected);
  if (!found.starts_with(expected)) fail(ErrorCode::data, "{}: sha256 is {}, expected {}; {}", source, found, expected, mend);
}

}  // namespace alea
