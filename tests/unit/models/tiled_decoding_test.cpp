#include "models/nn/tiled_decoding.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/plugins.h"

namespace alea::nn {
namespace {

using Starts = std::vector<std::int64_t>;

TEST(TileStarts, CoverTheExtentWithAtLeastTheOverlap) {
  EXPECT_EQ(tile_starts(8, {.tile = 8, .overlap = 4}), Starts({0}));
  EXPECT_EQ(tile_starts(5, {.tile = 8, .overlap = 4}), Starts({0}));
  EXPECT_EQ(tile_starts(9, {.tile = 8, .overlap = 4}), Starts({0, 1}));
  EXPECT_EQ(tile_starts(16, {.tile = 8, .overlap = 4}), Starts({0, 4, 8}));
  EXPECT_EQ(tile_starts(17, {.tile = 8, .overlap = 0}), Starts({0, 8, 9}));
  EXPECT_EQ(test::code_of([] { tile_starts(9, {.tile = 8, .overlap = 8}); }), ErrorCode::config);
  EXPECT_EQ(test::code_of([] { tile_starts(9, {.tile = 8, .overlap = -1}); }), ErrorCode::config);
}

TEST(BlendTiles, OfADecoderThatSeesOnePixelAreEqualToTheWholeToTheBit) {
  const auto latents = at::arange(2 * 3 * 13 * 21, at::kFloat).mul_(0.1).view({2, 3, 13, 21});
  std::int64_t largest = 0;
  const auto decode = [&](const at::Tensor& tile) {
    largest = std::max({largest, tile.size(2), tile.size(3)});
    return at::upsample_nearest2d(tile, at::IntArrayRef{4 * tile.size(2), 4 * tile.size(3)});
  };
  const auto whole = decode(latents);
  for (const Tiling& tiling :
       {Tiling{.tile = 5, .overlap = 2}, Tiling{.tile = 8, .overlap = 6}, Tiling{.tile = 16, .overlap = 1}}) {
    largest = 0;
    EXPECT_TRUE(at::equal(blend_tiles(latents, tiling, 4, decode), whole)) << tiling.tile;
    EXPECT_EQ(largest, tiling.tile) << "no more than a tile is decoded at once";
  }
}

TEST(BlendTiles, GoLinearlyFromOneTileToTheNext) {
  float value = 0;
  const auto decode = [&](const at::Tensor& tile) { return at::full({1, 1, 2 * tile.size(2), 2 * tile.size(3)}, value++); };
  const auto row = blend_tiles(at::zeros({1, 1, 1, 6}), {.tile = 4, .overlap = 2}, 2, decode)[0][0][0];
  const std::vector<float> expected{0, 0, 0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1, 1, 1};
  ASSERT_EQ(row.numel(), 12);
  for (int i = 0; i < 12; ++i) EXPECT_EQ(row[i].item<float>(), expected[i]) << i;
  value = 0;
  const auto corner = blend_tiles(at::zeros({1, 1, 6, 6}), {.tile = 4, .overlap = 2}, 2, decode)[0][0];
  EXPECT_EQ(corner[4][0].item<float>(), 0.125f * 2);
  EXPECT_EQ(corner[4][4].item<float>(), 0.875f * 0.125f + 0.125f * 2.125f);
  EXPECT_EQ(corner[11][11].item<float>(), 3);
}

}  // namespace
}  // namespace alea::nn
