#include "results/gallery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"

namespace alea {
namespace {

constexpr std::uint64_t kN = 3, kSize = 5;

ArrayMap flat_gallery(bool with_maps, std::uint64_t channels = 1, std::uint64_t size = kSize) {
  ArrayMap arrays;
  const auto add = [&](const std::string& side, std::uint8_t grey, float uncertainty) {
    const std::uint64_t values = kN * size * size * channels;
    const std::vector<std::uint64_t> shape = {kN, size, size, channels};
    arrays["gallery/" + side + "_images"] = make_array<std::uint8_t>(std::vector<std::uint8_t>(values, grey), shape);
    if (with_maps) arrays["gallery/" + side + "_maps"] = make_array<float>(std::vector<float>(values, uncertainty), shape);
  };
  add("least", 40, 0.0f);
  add("most", 200, 1.0f);
  return arrays;
}

int count_of(const Picture& picture, std::array<std::uint8_t, 3> colour) {
  int count = 0;
  for (std::size_t p = 0; p < picture.pixels.size(); p += 3)
    count += std::equal(colour.begin(), colour.end(), picture.pixels.begin() + static_cast<std::ptrdiff_t>(p));
  return count;
}

TEST(Gallery, MagnifiesEveryImageFourTimes) {
  const Picture picture = gallery_picture(flat_gallery(false));
  EXPECT_EQ(picture.channels, 3);
  EXPECT_EQ(count_of(picture, {40, 40, 40}), static_cast<int>(kN * kSize * kSize * 16));
  EXPECT_EQ(count_of(picture, {200, 200, 200}), static_cast<int>(kN * kSize * kSize * 16));
}

TEST(Gallery, MagnifiesLargeImagesLess) {
  const auto pixels_of_one = [](std::uint64_t size) {
    return count_of(gallery_picture(flat_gallery(true, 1, size)), {40, 40, 40}) / static_cast<int>(kN * size * size);
  };
  EXPECT_EQ(pixels_of_one(64), 16);
  EXPECT_EQ(pixels_of_one(65), 9);
  EXPECT_EQ(pixels_of_one(128), 4);
  EXPECT_EQ(pixels_of_one(256), 1);
  EXPECT_EQ(pixels_of_one(512), 1);
}

TEST(Gallery, ColoursBothRowsByOneRange) {
  const Picture picture = gallery_picture(flat_gallery(true));
  const Picture low = colour_map(std::vector<float>{0.0f}, 1, 1, 0.0f, 1.0f);
  const Picture high = colour_map(std::vector<float>{1.0f}, 1, 1, 0.0f, 1.0f);
  EXPECT_EQ(count_of(picture, {low.pixels[0], low.pixels[1], low.pixels[2]}), static_cast<int>(kN * kSize * kSize * 16));
  EXPECT_EQ(count_of(picture, {high.pixels[0], high.pixels[1], high.pixels[2]}), static_cast<int>(kN * kSize * kSize * 16));
}

TEST(Gallery, PutsTheLeastUncertainFirst) {
  const Picture picture = gallery_picture(flat_gallery(true));
  const auto first = [&](std::uint8_t grey) {
    for (std::size_t p = 0; p < picture.pixels.size(); p += 3)
      if (picture.pixels[p] == grey && picture.pixels[p + 1] == grey && picture.pixels[p + 2] == grey) return p;
    return picture.pixels.size();
  };
  EXPECT_LT(first(40), first(200));
}

TEST(Gallery, TakesColourImages) { EXPECT_EQ(count_of(gallery_picture(flat_gallery(true, 3)), {40, 40, 40}), 3 * 25 * 16); }

TEST(Gallery, EqualInputGivesEqualFiles) {
  const fs::path folder = fs::path(::testing::TempDir()) / ("gallery_test_" + std::to_string(::getpid()));
  fs::create_directories(folder);
  write_gallery(folder / "a.png", flat_gallery(true));
  write_gallery(folder / "b.png", flat_gallery(true));
  EXPECT_EQ(read_file(folder / "a.png"), read_file(folder / "b.png"));
  fs::remove_all(folder);
}

TEST(Gallery, NamesTheArrayThatDoesNotFit) {
  const auto message_of = [](const ArrayMap& arrays) -> std::string {
    try {
      gallery_picture(arrays);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::shape);
      return error.what();
    }
    return "";
  };
  ArrayMap arrays = flat_gallery(true);
  arrays.erase("gallery/most_images");
  EXPECT_THAT(message_of(arrays), ::testing::HasSubstr("gallery/most_images"));
  arrays = flat_gallery(true);
  arrays["gallery/most_maps"].shape = {kN, kSize, kSize};
  EXPECT_THAT(message_of(arrays), ::testing::HasSubstr("gallery/most_maps"));
}

}  // namespace
}  // namespace alea
