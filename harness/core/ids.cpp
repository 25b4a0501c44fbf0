#include "core/ids.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>

#include "core/error.h"

namespace alea {

Ids consecutive_ids(std::uint64_t n) {
  Ids ids(n);
  std::iota(ids.begin(), ids.end(), SampleId{0});
  return ids;
}

std::vector<BlockRange> blocks_of(std::uint64_t n, std::uint32_t block) {
  ALEA_CHECK(block > 0, "a block needs at least one id");
  const std::uint64_t blocks = n / block + (n % block != 0);
  ALEA_CHECK(blocks <= std::numeric_limits<std::uint32_t>::max(), "{} ids in blocks of {} are too many blocks", n, block);
  std::vector<BlockRange> out;
  out.reserve(blocks);
  for (std::uint64_t index = 0; index < blocks; ++index) {
    const SampleId first = index * block;
    const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(block, n - first));
    out.push_back({static_cast<std::uint32_t>(index), first, count});
  }
  return out;
}

std::vector<Ids> micro_batches_of(const BlockRange& block, std::uint32_t micro_batch) {
  ALEA_CHECK(micro_batch > 0, "a micro-batch needs at least one id");
  std::vector<Ids> out;
  for (std::uint64_t offset = 0; offset < block.count; offset += micro_batch) {
    Ids& ids = out.emplace_back(micro_batch);
    for (std::uint32_t i = 0; i < micro_batch; ++i) ids[i] = block.first + offset + i;
  }
  return out;
}

std::vector<BlockRange> shard_of(const std::vector<BlockRange>& blocks, std::uint32_t k, std::uint32_t n) {
  if (k >= n) fail(ErrorCode::usage, "shard {}/{}: expected k/n with 0 <= k < n, such as 0/4 up to 3/4", k, n);
  std::vector<BlockRange> out;
  // By the block's own index, not by its place in the list: a resumed run that lists only what is missing shares out alike.
  std::copy_if(blocks.begin(), blocks.end(), std::back_inserter(out),
               [=](const BlockRange& block) { return block.index % n == k; });
  return out;
}

}  // namespace alea
