#include "models/preprocess.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace alea {
namespace {

/// One image of `side`x`side`, red 0, green 128, blue 255.
at::Tensor flat(std::int64_t side) {
  auto image = at::zeros({1, 3, side, side}, at::kByte);
  image.narrow(1, 1, 1).fill_(128);
  image.narrow(1, 2, 1).fill_(255);
  return image;
}

std::array<float, 3> scaled(const std::string& normalise) {
  EncoderOptions options;
  options.normalise = normalise;
  options.input = 32;
  const auto x = preprocess_images(flat(16), options);
  EXPECT_EQ(x.sizes(), (at::IntArrayRef{1, 3, 32, 32}));
  const auto at_channel = [&](int c) { return x[0][c][normalise == "zero_pad" ? 16 : 0][16].item<float>(); };
  return {at_channel(0), at_channel(1), at_channel(2)};
}

TEST(PreprocessImages, ScalesAsEachToolDoes) {
  EXPECT_EQ(scaled("torch"), (std::array{-1.0f, 2 * (128 / 255.0f) - 1, 1.0f}));
  EXPECT_EQ(scaled("tf"), (std::array{-1.0f, 0.0f, 127 / 128.0f}));
  EXPECT_EQ(scaled("unit"), (std::array{0.0f, 128 / 255.0f, 1.0f}));
  EXPECT_EQ(scaled("zero_pad"), scaled("unit"));
  const auto imagenet = scaled("imagenet");
  EXPECT_NEAR(imagenet[0], -0.485 / 0.229, 1e-6);
  EXPECT_NEAR(imagenet[1], (128 / 255.0 - 0.456) / 0.224, 1e-6);
  EXPECT_NEAR(imagenet[2], (1 - 0.406) / 0.225, 1e-6);
}

TEST(PreprocessImages, ZeroPadPutsSmallImagesInTheMiddleAndShrinksLargeOnes) {
  EncoderOptions options;
  options.normalise = "zero_pad";
  options.input = 33;
  const auto padded = preprocess_images(at::full({1, 3, 10, 12}, 255, at::kByte), options);
  EXPECT_EQ(padded.sizes(), (at::IntArrayRef{1, 3, 33, 33}));
  EXPECT_EQ(padded.sum().item<double>(), 3 * 10 * 12);
  EXPECT_EQ(padded.narrow(2, 11, 10).narrow(3, 10, 12).min().item<float>(), 1);

  const auto rows = at::arange(66, at::kByte).view({1, 1, 66, 1}).expand({1, 3, 66, 66}).contiguous();
  const auto every_second = preprocess_images(rows, options).mul(255).round();
  EXPECT_TRUE(at::equal(every_second[0][0].select(1, 0), at::arange(0, 66, 2).to(at::kFloat)));
}

TEST(PreprocessImages, RefusesOtherThanRgbOf8Bits) {
  EXPECT_THROW(preprocess_images(at::zeros({1, 1, 8, 8}, at::kByte), {}), Error);
  EXPECT_THROW(preprocess_images(at::zeros({3, 8, 8}, at::kByte), {}), Error);
  EXPECT_THROW(preprocess_images(at::zeros({1, 3, 8, 8}), {}), Error);
}

}  // namespace
}  // namespace alea
