#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace alea {

static_assert(std::endian::native == std::endian::little, "bytes of little-endian files are used in place");

/// Text of a file as a message may hold it: in quotes, anything but printable ASCII escaped, cut to about `most` characters.
std::string in_quotes(std::string_view text, std::size_t most = 100);

/// Bytes of a tensor; nothing where the product, or what a consumer makes of it with the zeros left out, doesn't fit in 63 bits.
template <std::integral Extent>
std::optional<std::uint64_t> byte_count(std::span<const Extent> shape, std::size_t item_bytes) {
  constexpr std::uint64_t kLimit = std::numeric_limits<std::int64_t>::max();
  std::uint64_t product = item_bytes;
  bool empty = false;
  for (const Extent extent : shape) {
    if (extent == 0) {
      empty = true;
      continue;
    }
    if (extent < Extent{0} || product > kLimit / static_cast<std::uint64_t>(extent)) return std::nullopt;
    product *= static_cast<std::uint64_t>(extent);
  }
  return empty ? 0 : product;
}

/// Another byte than 0 or 1 is undefined behaviour once it is a C++ `bool`.
inline bool are_booleans(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b <= std::byte{1}; });
}

/// The little-endian number at `offset`; that it lies inside is for the caller to check.
template <class T>
T load(std::span<const std::byte> bytes, std::uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

inline bool begins_with(std::span<const std::byte> bytes, std::string_view start) {
  return bytes.size() >= start.size() && std::memcmp(bytes.data(), start.data(), start.size()) == 0;
}

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace alea
