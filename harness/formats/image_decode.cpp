#include "formats/image_decode.h"

#include <string_view>

#include "core/error.h"
#include "formats/checks.h"
#include "formats/foreign_pictures.h"

namespace alea {
namespace {

std::string name_of_kind(std::span<const std::byte> file) {
  const auto has = [&](std::size_t at, std::string_view magic) {
    return file.size() >= at && begins_with(file.subspan(at), magic);
  };
  if (file.empty()) return "an empty file";
  if (has(0, "GIF8")) return "a GIF";
  if (has(0, "RIFF") && has(8, "WEBP")) return "a WebP";
  if (has(0, "BM")) return "a BMP";
  if (has(0, "II*") || has(0, "MM")) return "a TIFF";
  if (has(4, "ftypavif")) return "an AVIF";
  if (has(4, "ftyphei")) return "a HEIC";
  if (has(0, "PK")) return "a zip archive";
  return "none of the known formats";
}

}  // namespace

bool is_png(std::span<const std::byte> file) { return begins_with(file, "\x89PNG\r\n\x1a\n"); }
bool is_jpeg(std::span<const std::byte> file) { return begins_with(file, "\xff\xd8\xff"); }

DecodedImage decode_image(std::span<const std::byte> file, const std::string& source) {
  if (is_png(file)) return decode_foreign_png(file, source);
  if (is_jpeg(file)) return decode_jpeg(file, source);
  fail(ErrorCode::data, "{}: expected a PNG or a JPEG, found {}", source, name_of_kind(file));
}

}  // namespace alea
