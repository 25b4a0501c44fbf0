#include "train/training_batch.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <set>

namespace alea {
namespace {

ImageSet ramp(std::uint64_t n) {
  ImageSet set{
      .name = "ramp", .n = n, .channels = 1, .height = 4, .width = 4, .n_classes = 2, .pixels = {}, .labels = {}, .sha256 = {}};
  for (std::uint64_t i = 0; i < n * 16; ++i) set.pixels.push_back(static_cast<std::uint8_t>(i % 256));
  set.labels.assign(n, 0);
  return set;
}

TEST(EpochOrder, ShowsEveryImageOnceAnEpochInAnotherOrder) {
  EpochOrder order(3, 50);
  std::vector<std::uint32_t> first, second;
  for (int i = 0; i < 50; ++i) first.push_back(order.image_of(i));
  for (int i = 50; i < 100; ++i) second.push_back(order.image_of(i));
  EXPECT_EQ(std::set<std::uint32_t>(first.begin(), first.end()).size(), 50u);
  EXPECT_EQ(std::set<std::uint32_t>(second.begin(), second.end()).size(), 50u);
  EXPECT_NE(first, second);
  EXPECT_EQ(EpochOrder(3, 50).image_of(60), second[10]);
}

TEST(ImagesToFloat, MapsBlackToMinusOneAndWhiteToOne) {
  auto set = ramp(1);
  set.pixels.assign(16, 0);
  set.pixels[3] = 255;
  const auto image = images_to_float(set, {0});
  EXPECT_EQ(image.sizes(), at::IntArrayRef({1, 1, 4, 4}));
  EXPECT_FLOAT_EQ(image[0][0][0][3].item<float>(), 1);
  EXPECT_FLOAT_EQ(image[0][0][0][0].item<float>(), -1);
}

class NoisedBatchTest : public testing::Test {
 protected:
  ImageSet set_ = ramp(40);
  NoiseSchedule schedule_{ScheduleOptions{}};
  NoisedBatch draw(std::uint64_t step, int batch) {
    EpochOrder order(5, set_.n);
    return draw_noised_batch(set_, order, schedule_, {2}, 5, step, batch);
  }
};

TEST_F(NoisedBatchTest, IsTheForwardProcessOfTheImages) {
  const auto batch = draw(3, 8);
  EpochOrder order(5, set_.n);
  for (int row = 0; row < 8; ++row) {
    const auto image = fold_from_image(images_to_float(set_, {order.image_of(3 * 8 + row)}), {2})[0];
    const double alpha_bar = schedule_.alpha_bar({batch.t[row].item<double>()});
    const auto expected = image * std::sqrt(alpha_bar) + batch.noise[row] * std::sqrt(1 - alpha_bar);
    EXPECT_LT((expected - batch.x_t[row]).abs().max().item<double>(), 1e-6);
  }
}

TEST_F(NoisedBatchTest, SpreadsTimesOverTheScheduleOnePerStratum) {
  const auto t = draw(0, 10).t;
  for (int row = 0; row < 10; ++row) {
    EXPECT_GE(t[row].item<float>(), 100 * row);
    EXPECT_LT(t[row].item<float>(), 100 * (row + 1));
  }
}

TEST_F(NoisedBatchTest, DrawsByIdentitySoStepsDifferAndRepeatsAgree) {
  EXPECT_TRUE(at::equal(draw(4, 8).x_t, draw(4, 8).x_t));
  EXPECT_FALSE(at::equal(draw(4, 8).noise, draw(5, 8).noise));
  EXPECT_TRUE(at::equal(draw(2, 4).noise, draw(1, 8).noise.narrow(0, 0, 4)));
}

}  // namespace
}  // namespace alea
