#include "core/ids.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"

namespace alea {
namespace {

TEST(Ids, BlocksCoverAllIdsInOrderAndOnlyTheLastIsShort) {
  const std::vector<BlockRange> expected = {{0, 0, 4}, {1, 4, 4}, {2, 8, 2}};
  EXPECT_EQ(blocks_of(10, 4), expected);
}

TEST(Ids, AMultipleHasNoShortBlock) {
  const std::vector<BlockRange> expected = {{0, 0, 4}, {1, 4, 4}};
  EXPECT_EQ(blocks_of(8, 4), expected);
}

TEST(Ids, NoIdsNeedNoBlock) { EXPECT_TRUE(blocks_of(0, 4).empty()); }

TEST(Ids, BlocksBeyond32BitIdsKeepTheirFirstId) {
  const auto blocks = blocks_of((std::uint64_t{1} << 33) + 1, 1U << 31);
  ASSERT_EQ(blocks.size(), 5U);
  EXPECT_EQ(blocks[4].first, std::uint64_t{1} << 33);
  EXPECT_EQ(blocks[4].count, 1U);
}

TEST(Ids, EmptyBlocksAndTooManyBlocksAreRefused) {
  EXPECT_THROW(blocks_of(10, 0), Error);
  EXPECT_THROW(blocks_of(std::uint64_t{1} << 33, 1), Error);
}

TEST(Ids, MicroBatchesHaveOneSizeAndTheTailIsPaddedWithTheIdsThatFollow) {
  const std::vector<Ids> expected = {{8, 9, 10}, {11, 12, 13}};
  EXPECT_EQ(micro_batches_of({2, 8, 4}, 3), expected);
}

TEST(Ids, MicroBatchesOfAWholeMultipleAreNotPadded) {
  const std::vector<Ids> expected = {{8, 9}, {10, 11}};
  EXPECT_EQ(micro_batches_of({2, 8, 4}, 2), expected);
}

TEST(Ids, AMicroBatchLargerThanItsBlockIsPadded) {
  const std::vector<Ids> expected = {{0, 1, 2, 3, 4}};
  EXPECT_EQ(micro_batches_of({0, 0, 2}, 5), expected);
}

TEST(Ids, ShardsPartitionTheBlocksAndDifferByAtMostOneInLength) {
  const auto blocks = blocks_of(1003, 10);
  for (std::uint32_t n = 1; n < 9; ++n) {
    std::vector<BlockRange> together;
    for (std::uint32_t k = 0; k < n; ++k) {
      const auto shard = shard_of(blocks, k, n);
      EXPECT_GE(shard.size(), blocks.size() / n);
      EXPECT_LE(shard.size(), blocks.size() / n + 1);
      together.insert(together.end(), shard.begin(), shard.end());
    }
    std::sort(together.begin(), together.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
    EXPECT_EQ(together, blocks);
  }
}

TEST(Ids, ABlockStaysInItsShardWhenOthersAreDone) {
  auto blocks = blocks_of(40, 10);
  blocks.erase(blocks.begin());
  const std::vector<BlockRange> expected = {{1, 10, 10}, {3, 30, 10}};
  EXPECT_EQ(shard_of(blocks, 1, 2), expected);
}

TEST(Ids, AShardOutsideItsCountIsAUsageError) {
  try {
    shard_of(blocks_of(10, 2), 2, 2);
    FAIL() << "shard 2/2 was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
  }
}

}  // namespace
}  // namespace alea
