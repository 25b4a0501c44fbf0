#include "data/squaring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "core/error.h"
#include "data/pil_resize.h"
#include "formats/npy.h"

namespace alea {
namespace {

/// scripts/fixtures/squaring.py makes the same.
Picture picture(int width, int height) {
  Picture out{width, height, 3, {}};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c)
        out.pixels.push_back(
            static_cast<std::uint8_t>((x * x * 7 + y * 13 + c * 60 + (x * y) % 31 * 5 + (x / 8 + y / 8) % 2 * 128) % 256));
  return out;
}

Picture expected(const NpzFile& file, const std::string& name) {
  const NpyArray array = file.read(name);
  Picture out{static_cast<int>(array.shape.at(1)), static_cast<int>(array.shape.at(0)), 3, {}};
  for (const std::byte b : array.bytes) out.pixels.push_back(std::to_integer<std::uint8_t>(b));
  return out;
}

Picture made(const std::string& name) {
  int width = 0, height = 0, to_width = 0, to_height = 0;
  if (std::sscanf(name.c_str(), "centre_crop_%dx%d_%d", &width, &height, &to_width) == 3)
    return make_square(picture(width, height), to_width, Squaring::centre_crop);
  if (std::sscanf(name.c_str(), "box_squash_%dx%d_%d", &width, &height, &to_width) == 3)
    return make_square(picture(width, height), to_width, Squaring::box_squash);
  if (std::sscanf(name.c_str(), "resize_box_%dx%d_%dx%d", &width, &height, &to_width, &to_height) == 4)
    return resize_as_pil(picture(width, height), to_width, to_height, PilFilter::box);
  if (std::sscanf(name.c_str(), "resize_bicubic_%dx%d_%dx%d", &width, &height, &to_width, &to_height) == 4)
    return resize_as_pil(picture(width, height), to_width, to_height, PilFilter::bicubic);
  throw std::runtime_error("no such case: " + name);
}

TEST(Squaring, IsWhatPilGivesToTheBit) {
  const NpzFile file(ALEA_SOURCE_DIR "/tests/fixtures/squaring.npz");
  ASSERT_EQ(file.names().size(), 20u);
  for (const auto& name : file.names()) {
    const Picture ours = made(name), peers = expected(file, name);
    ASSERT_EQ(ours.width, peers.width) << name;
    ASSERT_EQ(ours.height, peers.height) << name;
    EXPECT_EQ(ours.pixels, peers.pixels) << name;
  }
}

TEST(Squaring, BothKeepAConstantAndAPictureOfTheirOwnExtent) {
  const Picture flat{50, 31, 3, std::vector<std::uint8_t>(50 * 31 * 3, 77)}, square = picture(16, 16);
  for (const Squaring how : {Squaring::centre_crop, Squaring::box_squash}) {
    const Picture out = make_square(flat, 12, how);
    EXPECT_EQ(out.pixels, std::vector<std::uint8_t>(12 * 12 * 3, 77)) << squaring_name(how);
    EXPECT_EQ(make_square(square, 16, how).pixels, square.pixels) << squaring_name(how);
  }
}

/// Black left third, grey middle, white right third: the crop sees the middle alone, the squash all of it.
TEST(Squaring, TheCropLeavesTheSidesOutAndTheSquashDoesNot) {
  Picture wide{48, 16, 3, {}};
  for (int p = 0; p < 48 * 16 * 3; ++p) wide.pixels.push_back(static_cast<std::uint8_t>((p / 3 % 48) / 16 * 127));
  EXPECT_EQ(make_square(wide, 16, Squaring::centre_crop).pixels, std::vector<std::uint8_t>(16 * 16 * 3, 127));
  const Picture squashed = make_square(wide, 3, Squaring::box_squash);
  EXPECT_EQ(squashed.pixels[0], 0);
  EXPECT_EQ(squashed.pixels[3], 127);
  EXPECT_EQ(squashed.pixels[6], 254);
}

TEST(Squaring, WhatIsNoPictureIsRefused) {
  EXPECT_THROW(make_square({4, 4, 3, {}}, 2, Squaring::box_squash), Error);
  EXPECT_THROW(make_square(picture(4, 4), 0, Squaring::centre_crop), Error);
  EXPECT_THROW(resize_as_pil(picture(4, 4), 4, 0, PilFilter::box), Error);
}

}  // namespace
}  // namespace alea
