#include "formats/exif.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace alea {
namespace {

/// A TIFF structure in either byte order; nothing beyond its end is read.
class Tiff {
 public:
  explicit Tiff(std::span<const std::byte> bytes) : bytes_(bytes), big_endian_(byte(0) == 'M') {}
  std::optional<std::uint32_t> number(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value |= std::uint32_t{byte(at + i)} << 8 * (big_endian_ ? size - 1 - i : i);
    return value;
  }

 private:
  std::uint8_t byte(std::size_t i) const { return i < bytes_.size() ? static_cast<std::uint8_t>(bytes_[i]) : 0; }
  std::span<const std::byte> bytes_;
  bool big_endian_;
};

}  // namespace

int exif_orientation(std::span<const std::byte> segment) {
  constexpr std::string_view kMagic("Exif\0\0", 6);
  constexpr std::uint32_t kOrientation = 0x0112, kTiff = 42;
  constexpr std::size_t kEntryBytes = 12;
  const auto is_equal = [](std::byte a, char b) { return a == static_cast<std::byte>(b); };
  if (segment.size() < kMagic.size() ||
      !std::equal(kMagic.begin(), kMagic.end(), segment.begin(), [&](char a, std::byte b) { return is_equal(b, a); }))
    return 0;
  const Tiff tiff(segment.subspan(kMagic.size()));
  const auto folder = tiff.number(4, 4);
  if (tiff.number(2, 2) != kTiff || !folder) return 0;
  const std::uint32_t entries = tiff.number(*folder, 2).value_or(0);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t at = std::size_t{*folder} + 2 + i * kEntryBytes;
    if (tiff.number(at, 2) != kOrientation) continue;
    const std::uint32_t value = tiff.number(at + 8, 2).value_or(0);
    return value <= 8 ? static_cast<int>(value) : 0;
  }
  return 0;
}

}  // namespace alea
