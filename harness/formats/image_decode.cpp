#include "formats/image_decode.h"

#include <array>
#include <string_view>

#include "core/error.h"
#include "formats/foreign_pictures.h"

namespace alea {
namespace {

bool has(std::span<const std::byte> file, std::size_t at, std::string_view magic) {
  if (file.size() < at + magic.size()) return false;
  return std::string_view(reinterpret_cast<const char*>(file.data()) + at, magic.size()) == magic;
}

std::string name_of_kind(std::span<const std::byte> file) {
  if (file.empty()) return "an empty file";
  if (has(file, 0, "GIF8")) return "a GIF";
  if (has(file, 0, "RIFF") && has(file, 8, "WEBP")) return "a WebP";
  if (has(file, 0, "BM")) return "a BMP";
  if (has(file, 0, "II*") || has(file, 0, "MM")) return "a TIFF";
  if (has(file, 4, "ftypavif")) return "an AVIF";
  if (has(file, 4, "ftyphei")) return "a HEIC";
  if (has(file, 0, "PK")) return "a zip archive";
  return "none of the known formats";
}

}  // namespace

DecodedImage decode_image(std::span<const std::byte> file, const std::string& source) {
  if (has(file, 0, "\x89PNG\r\n\x1a\n")) return decode_foreign_png(file, source);
  if (has(file, 0, "\xff\xd8\xff")) return decode_jpeg(file, source);
  fail(ErrorCode::data, "{}: expected a PNG or a JPEG, found {}", source, name_of_kind(file));
}

}  // namespace alea
