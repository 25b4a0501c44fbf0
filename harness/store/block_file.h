#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/ids.h"
#include "hdf5/hdf5.h"

namespace alea {

/// A block file is an HDF5 file with a 512-byte user block in front (HDF5 tools skip it): magic "ALEABLK1", format version,
/// payload length, sha256 of the payload, plan hash, block index, first id, count. Nothing is parsed before the checksum holds.
struct BlockHeader {
  std::string plan_sha256;
  BlockRange range;
  std::string payload_sha256;  ///< filled by write_block and read_block
};

void write_block(const std::filesystem::path& path, const BlockHeader& header, const ArrayMap& arrays);

struct Block {
  BlockHeader header;
  ArrayMap arrays;
};

/// Error{io} when absent; Error{data} naming file, offset, expected and found when damaged, truncated or not a block.
Block read_block(const std::filesystem::path& path);

/// Header only, checksum verified by reading the whole file once.
BlockHeader verify_block(const std::filesystem::path& path);

}  // namespace alea
