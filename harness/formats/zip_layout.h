#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace alea::zip {

// The names of PKWARE's APPNOTE.TXT 6.3.
inline constexpr std::uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50, kEnd = 0x06054b50;
inline constexpr std::uint32_t kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
inline constexpr std::uint64_t kLocalHeaderBytes = 30, kCentralHeaderBytes = 46, kEndBytes = 22;
inline constexpr std::uint64_t kEnd64Bytes = 56, kEnd64LocatorBytes = 20;
inline constexpr std::uint64_t kSaturated16 = 0xffff, kSaturated32 = 0xffffffff;  // the number stands in a zip64 record
inline constexpr std::uint16_t kZip64Extra = 1;
inline constexpr std::uint16_t kStored = 0, kDeflated = 8;
inline constexpr std::uint16_t kEncrypted = 1, kPatch = 1 << 5, kUtf8 = 1 << 11, kMaskedHeader = 1 << 13;

/// The CRC-32 of what `crc` covers and `bytes` behind it; that of nothing is 0.
std::uint32_t add_to_crc(std::uint32_t crc, std::span<const std::byte> bytes);

}  // namespace alea::zip
