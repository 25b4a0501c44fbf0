#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "core/ids.h"
#include "hdf5/hdf5.h"

namespace alea {

/// A block file is an HDF5 file with a 512-byte user block in front, which HDF5 tools skip. Nothing is parsed before the
/// checksums hold. The user block, little-endian, unused bytes zero:
///   0  magic "ALEABLK1"       8  u32 format version       12  u32 block index    16  u64 first id    24  u32 count
///  32  u64 payload length    40  payload sha256 (64 hex)  104  plan sha256 (64 hex)
/// 448  sha256 (64 hex) of bytes 0..447
/// The payload, from byte 512 to the end, is an HDF5 image (hdf5_image).
struct BlockHeader {
  std::string plan_sha256;  ///< 64 hex digits
  BlockRange range;
  std::string payload_sha256;  ///< filled by read_block and verify_block; write_block computes its own
};

/// Atomic. Error{io} when the file can't be written; equal input gives equal bytes.
void write_block(const std::filesystem::path& path, const BlockHeader& header, const ArrayMap& arrays);

struct Block {
  BlockHeader header;
  ArrayMap arrays;
};

/// All arrays, or the one named `only`. Error{io} when absent; Error{data} naming file, offset, expected and found when damaged,
/// truncated or not a block, or without an array `only`.
Block read_block(const std::filesystem::path& path, const std::string& only = "");

/// Header only, checksum verified by reading the whole file once.
BlockHeader verify_block(const std::filesystem::path& path);

/// The checks of verify_block on bytes in memory; `source` is named in errors.
BlockHeader verify_block_bytes(std::span<const std::byte> file, const std::string& source);

}  // namespace alea
