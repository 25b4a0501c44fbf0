#include "hdf5/hdf5_file.h"

#include <optional>
#include <string_view>

#include "core/error.h"
#include "core/files.h"
#include "formats/checks.h"
#include "formats/mapped_file.h"

namespace alea {
namespace {

/// Where HDF5 proper begins: a user block of 512, 1024, ... bytes may lie before it.
std::optional<std::size_t> signature_offset(std::span<const std::byte> file) {
  constexpr std::string_view kSignature("\x89HDF\r\n\x1a\n");
  for (std::size_t at = 0; at < file.size(); at = at == 0 ? 512 : 2 * at)
    if (begins_with(file.subspan(at), kSignature)) return at;
  return std::nullopt;
}

/// A run's block states the sha256 of what follows its user block (harness/store/block_file.h).
void check_block(std::span<const std::byte> file, std::span<const std::byte> payload, const std::string& source) {
  constexpr std::size_t kSumAt = 40, kHexDigits = 64;
  if (!begins_with(file, kBlockMagic)) return;
  const std::string_view expected = as_text(file.subspan(kSumAt, kHexDigits));
  if (const std::string found = sha256_hex(payload); found != expected)
    fail(ErrorCode::data, "{}: expected a payload of sha256 {}, found {}; make the block again by the run's command", source,
         in_quotes(expected), found);
}

std::span<const std::byte> hdf5_bytes(std::span<const std::byte> file, const std::string& source) {
  const auto offset = signature_offset(file);
  if (!offset) fail(ErrorCode::data, "{}: expected an HDF5 file, found no signature", source);
  const auto payload = file.subspan(*offset);
  check_block(file, payload, source);
  return payload;
}

}  // namespace

bool is_hdf5(std::span<const std::byte> file) { return signature_offset(file).has_value(); }

Hdf5Content read_hdf5_file(const std::filesystem::path& path, const std::string& only) {
  const MappedFile file(path);
  return read_hdf5_image(hdf5_bytes(file.bytes(), path.string()), path.string(), only);
}

}  // namespace alea
