#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "models/denoiser.h"
#include "tests/support/plugins.h"

namespace alea {
namespace {

using test::code_of;

at::Tensor numbered(at::IntArrayRef shape) {
  std::int64_t n = 1;
  for (const auto size : shape) n *= size;
  return at::arange(n, at::kFloat).reshape(shape);
}

TEST(Codec, PixelIsTheChannelThatTheHeaderPromises) {
  const at::Tensor image = numbered({2, 3, 4, 6});
  for (const int fold : {1, 2}) {
    const at::Tensor x = fold_from_image(image, {fold});
    ASSERT_EQ(x.sizes(), at::IntArrayRef({2, 3 * fold * fold, 4 / fold, 6 / fold}));
    for (int b = 0; b < 2; ++b)
      for (int c = 0; c < 3; ++c)
        for (int row = 0; row < 4; ++row)
          for (int column = 0; column < 6; ++column) {
            const int channel = (c * fold + row % fold) * fold + column % fold;
            EXPECT_EQ(x[b][channel][row / fold][column / fold].item<float>(), image[b][c][row][column].item<float>());
          }
  }
}

TEST(Codec, UnfoldUndoesFold) {
  const at::Tensor image = numbered({2, 2, 6, 12});
  for (const int fold : {1, 2, 3}) EXPECT_TRUE(at::equal(unfold_to_image(fold_from_image(image, {fold}), {fold}), image));
}

TEST(Codec, ImageShapeIsThatOfTheUnfoldedTensor) {
  DenoiserSpec spec;
  spec.shape = {4, 14, 14};
  spec.codec = {2};
  EXPECT_EQ(image_shape(spec), (ImageShape{1, 28, 28}));
  EXPECT_EQ(unfold_to_image(numbered({1, 4, 14, 14}), spec.codec).sizes(), at::IntArrayRef({1, 1, 28, 28}));
}

TEST(Codec, RefusesWhatDoesNotFold) {
  EXPECT_EQ(code_of([] { fold_from_image(numbered({1, 1, 5, 4}), {2}); }), ErrorCode::shape);
  EXPECT_EQ(code_of([] { unfold_to_image(numbered({1, 6, 2, 2}), {2}); }), ErrorCode::shape);
  EXPECT_EQ(code_of([] { unfold_to_image(numbered({4, 2, 2}), {2}); }), ErrorCode::shape);
  EXPECT_EQ(code_of([] { fold_from_image(numbered({1, 1, 4, 4}), {0}); }), ErrorCode::domain);
}

}  // namespace
}  // namespace alea
