#include "run/pixels.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace alea {
namespace {

std::uint8_t quantised(float x) {
  std::uint8_t out = 77;
  quantise_image(std::span(&x, 1), {1, 1, 1}, std::span(&out, 1));
  return out;
}

TEST(QuantiseImage, MapsMinusOneToBlackAndOneToWhite) {
  EXPECT_EQ(quantised(-1.0f), 0);
  EXPECT_EQ(quantised(1.0f), 255);
  EXPECT_EQ(quantised(0.0f), 128);  // 127.5, halves away from zero
}

TEST(QuantiseImage, ClampsWhatLiesOutside) {
  EXPECT_EQ(quantised(-7.0f), 0);
  EXPECT_EQ(quantised(7.0f), 255);
}

TEST(QuantiseImage, UndoesTheScalingOfEveryGreyLevel) {
  for (int level = 0; level < 256; ++level) EXPECT_EQ(quantised(static_cast<float>(level) / 255.0f * 2.0f - 1.0f), level);
}

TEST(QuantiseImage, PutsChannelsLast) {
  // [c=2, h=1, w=3] in levels: channel 0 is 0, 51, 102; channel 1 is 153, 204, 255.
  std::vector<float> chw;
  for (int i = 0; i < 6; ++i) chw.push_back(static_cast<float>(i) * 0.4f - 1.0f);
  std::vector<std::uint8_t> hwc(6);
  quantise_image(chw, {2, 1, 3}, hwc);
  EXPECT_EQ(hwc, (std::vector<std::uint8_t>{0, 153, 51, 204, 102, 255}));
}

TEST(InterleaveChannels, KeepsValues) {
  const std::vector<float> chw = {1, 2, 3, 4, 5, 6};
  std::vector<float> hwc(6);
  interleave_channels(chw, {3, 2, 1}, hwc);
  EXPECT_EQ(hwc, (std::vector<float>{1, 3, 5, 2, 4, 6}));
}

TEST(AllFinite, SeesInfinityAndNotANumber) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(all_finite(std::span<const float>(std::vector<float>{1, -2, 0})));
  EXPECT_FALSE(all_finite(std::span<const float>(std::vector<float>{1, infinity})));
  EXPECT_FALSE(all_finite(std::span<const double>(std::vector<double>{std::numeric_limits<double>::quiet_NaN()})));
}

}  // namespace
}  // namespace alea
