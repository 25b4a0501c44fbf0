#pragma once

#include <cstdint>
#include <vector>

namespace alea {

/// Identity of a sample: it decides its noise, its label, its jackknife group. Ids of a run are 0..n-1.
using SampleId = std::uint64_t;
using Ids = std::vector<SampleId>;

/// A block is the unit of work, checkpoint and file: ids first..first+count-1.
struct BlockRange {
  std::uint32_t index = 0;
  SampleId first = 0;
  std::uint32_t count = 0;
  bool operator==(const BlockRange&) const = default;
};

/// 0..n-1.
Ids consecutive_ids(std::uint64_t n);

/// Blocks of `block` ids that cover 0..n-1 in order, the last one short where n isn't a multiple.
std::vector<BlockRange> blocks_of(std::uint64_t n, std::uint32_t block);

/// The ids of a block in canonical micro-batches of exactly `micro_batch` ids: a short tail is padded with the ids
/// that follow it (they are computed and thrown away), so that every network call has one shape.
std::vector<Ids> micro_batches_of(const BlockRange& block, std::uint32_t micro_batch);

/// The blocks of shard k of n (0 <= k < n): round robin, so that shards are of equal length.
std::vector<BlockRange> shard_of(const std::vector<BlockRange>& blocks, std::uint32_t k, std::uint32_t n);

}  // namespace alea
