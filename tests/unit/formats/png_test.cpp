#include "formats/png.h"

#include <png.h>

#include <cmath>
#include <limits>

#include "tests/unit/formats/format_test.h"

namespace alea {
namespace {

class Png : public FormatTest {};

Picture gradient(int width, int height, int channels) {
  Picture picture{width, height, channels, {}};
  for (int i = 0; i < width * height * channels; ++i) picture.pixels.push_back(static_cast<std::uint8_t>(i * 37 % 256));
  return picture;
}

/// A PNG of another kind than ours, by libpng's own simple writer.
Bytes foreign_png(png_uint_32 format, int n_bytes_a_pixel) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = image.height = 2;
  image.format = format;
  const std::vector<png_byte> pixels(4 * static_cast<std::size_t>(n_bytes_a_pixel), 9);
  const std::vector<png_byte> colours(4 * 256, 1);
  image.colormap_entries = 4;
  png_alloc_size_t size = 0;
  EXPECT_NE(png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, colours.data()), 0) << image.message;
  Bytes file(size);
  EXPECT_NE(png_image_write_to_memory(&image, file.data(), &size, 0, pixels.data(), 0, colours.data()), 0) << image.message;
  file.resize(size);
  return file;
}

TEST_F(Png, GreyAndRgbComeBackAsWritten) {
  for (const int channels : {1, 3}) {
    const Picture picture = gradient(5, 3, channels);
    write_png(folder_ / "x.png", picture);
    const Picture back = read_png(folder_ / "x.png");
    EXPECT_EQ(back.width, 5);
    EXPECT_EQ(back.height, 3);
    EXPECT_EQ(back.channels, channels);
    EXPECT_EQ(back.pixels, picture.pixels);
  }
}

TEST_F(Png, EqualPicturesGiveEqualBytesWithoutATimeStamp) {
  write_png(folder_ / "x.png", gradient(9, 9, 3));
  write_png(folder_ / "y.png", gradient(9, 9, 3));
  EXPECT_EQ(read_file(folder_ / "x.png"), read_file(folder_ / "y.png"));
  EXPECT_EQ(read_text_file(folder_ / "x.png").find("tIME"), std::string::npos);
}

TEST_F(Png, TruncatedAtEveryByteIsAnErrorAndNeverACrash) {
  write_png(folder_ / "x.png", gradient(9, 9, 3));
  const Bytes whole = read_file(folder_ / "x.png");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const Bytes part = exact(std::span(whole).first(n));
    expect_error(ErrorCode::data, "some.png: ", [&] { decode_png(part, "some.png"); });
  }
}

TEST_F(Png, EveryFlippedByteIsReadOrRefusedAndNeverCrashes) {
  write_png(folder_ / "x.png", gradient(9, 9, 1));
  const Bytes whole = read_file(folder_ / "x.png");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes damaged = whole;
    damaged[i] ^= std::byte{0xff};
    EXPECT_THROW(decode_png(damaged, "some.png"), Error) << i;
  }
}

TEST_F(Png, RefusesOtherKindsOfPng) {
  const auto expect_refused = [](const Bytes& file, std::string_view part) {
    expect_error(ErrorCode::data, part, [&] { decode_png(file, "some.png"); });
  };
  expect_refused(foreign_png(PNG_FORMAT_RGBA, 4), "found 8-bit of colour type 6");
  expect_refused(foreign_png(PNG_FORMAT_LINEAR_Y, 2), "found 16-bit of colour type 0");
  expect_refused(foreign_png(PNG_FORMAT_RGB_COLORMAP, 1), "of colour type 3");
  expect_refused(to_bytes("GIF89a, which is another format"), "offset 8: not a sound PNG file");
}

TEST_F(Png, RefusesAHeaderThatClaimsMoreThanTheFileCanHold) {
  write_png(folder_ / "x.png", gradient(2, 2, 1));
  Bytes file = read_file(folder_ / "x.png");
  const std::size_t header = 12, size = 17;  // the chunk's type and its 13 bytes, over which the checksum goes
  for (const std::size_t at : {16, 20}) file[at + 1] = std::byte{0x0a};
  std::uint32_t sum = 0xffffffff;
  for (std::size_t i = header; i < header + size; ++i) {
    sum ^= std::to_integer<std::uint32_t>(file[i]);
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? 0xedb88320U : 0U);
  }
  for (int i = 0; i < 4; ++i) file[header + size + i] = static_cast<std::byte>(~sum >> (24 - 8 * i));
  expect_error(ErrorCode::data, "some.png: a picture of 655362x655362 expects", [&] { decode_png(file, "some.png"); });
}

TEST_F(Png, RefusesAPictureWhoseSizesDisagree) {
  Picture picture = gradient(2, 2, 1);
  picture.pixels.pop_back();
  expect_error(ErrorCode::shape, "expects 4 bytes, found 3", [&] { write_png(folder_ / "x.png", picture); });
  expect_error(ErrorCode::shape, "1 or 3 channels", [&] { write_png(folder_ / "x.png", gradient(2, 2, 2)); });
  expect_error(ErrorCode::shape, "at least 1x1", [&] { write_png(folder_ / "x.png", Picture{}); });
  EXPECT_FALSE(fs::exists(folder_ / "x.png"));
}

TEST_F(Png, AMissingFileIsNamed) {
  expect_error(ErrorCode::io, (folder_ / "none.png").string(), [&] { read_png(folder_ / "none.png"); });
}

TEST(Magnify, RepeatsEachPixelInBothDirections) {
  const Picture out = magnify({2, 1, 1, {10, 20}}, 2);
  EXPECT_EQ(out.width, 4);
  EXPECT_EQ(out.height, 2);
  EXPECT_EQ(out.pixels, (std::vector<std::uint8_t>{10, 10, 20, 20, 10, 10, 20, 20}));
  EXPECT_EQ(magnify({1, 1, 3, {1, 2, 3}}, 2).pixels, (std::vector<std::uint8_t>{1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3}));
  expect_error(ErrorCode::domain, "factor", [] { magnify({1, 1, 1, {0}}, 0); });
  expect_error(ErrorCode::domain, "pixels a side", [] { magnify({1, 1, 1, {0}}, 2'000'000'000); });
}

TEST(Tile, FillsRowByRowWithTheGapBetweenCellsOnly) {
  const std::vector<Picture> cells{{1, 1, 1, {1}}, {1, 1, 1, {2}}, {1, 1, 1, {3}}};
  const Picture out = tile(cells, 2, 1, 9);
  EXPECT_EQ(out.width, 3);
  EXPECT_EQ(out.height, 3);
  EXPECT_EQ(out.pixels, (std::vector<std::uint8_t>{1, 9, 2, 9, 9, 9, 3, 9, 9}));
}

TEST(Tile, GreyBesideRgbBecomesRgb) {
  const std::vector<Picture> cells{{1, 1, 1, {7}}, {1, 1, 3, {1, 2, 3}}};
  const Picture out = tile(cells, 5, 0);
  EXPECT_EQ(out.width, 2);
  EXPECT_EQ(out.pixels, (std::vector<std::uint8_t>{7, 7, 7, 1, 2, 3}));
}

TEST(Tile, RefusesCellsOfOtherSizes) {
  const std::vector<Picture> cells{{1, 1, 1, {7}}, {1, 2, 1, {1, 2}}};
  expect_error(ErrorCode::shape, "pictures of 1x1, found one of 1x2", [&] { tile(cells, 2, 0); });
  expect_error(ErrorCode::domain, "0 pictures", [] { tile({}, 2, 0); });
  expect_error(ErrorCode::domain, "0 columns", [&] { tile(cells, 0, 0); });
}

TEST(ColourMap, IsViridisWithinTwoOfTheFullTable) {
  // Entries 0, 30, 77, 128, 200, 255 of the published table of 256.
  const std::vector<float> places{0.0F, 30.0F, 77.0F, 128.0F, 200.0F, 255.0F};
  const std::vector<int> expected{68, 1, 84, 71, 42, 122, 52, 96, 141, 33, 145, 140, 112, 207, 87, 253, 231, 37};
  const Picture out = colour_map(places, 6, 1, 0, 255);
  EXPECT_EQ(out.channels, 3);
  ASSERT_EQ(out.pixels.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(out.pixels[i], expected[i], 2) << i;
}

TEST(ColourMap, ClampsOutsideTheRangeAndMarksWhatIsNotFinite) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> values{-5, 9, std::nanf(""), infinity};
  EXPECT_EQ(colour_map(values, 2, 2, 0, 1).pixels, (std::vector<std::uint8_t>{68, 1, 84, 253, 231, 37, 255, 0, 0, 255, 0, 0}));
}

TEST(ColourMap, AConstantMapIsTheDarkEnd) {
  EXPECT_EQ(colour_map(std::vector<float>{3}, 1, 1, 3, 3).pixels, (std::vector<std::uint8_t>{68, 1, 84}));
}

TEST(ColourMap, RefusesARangeThatIsNone) {
  const std::vector<float> one{0};
  expect_error(ErrorCode::domain, "low <= high", [&] { colour_map(one, 1, 1, 1, 0); });
  expect_error(ErrorCode::domain, "low <= high", [&] { colour_map(one, 1, 1, std::nanf(""), 0); });
  expect_error(ErrorCode::shape, "2x1 map expects 2 values, found 1", [&] { colour_map(one, 2, 1, 0, 1); });
}

}  // namespace
}  // namespace alea
