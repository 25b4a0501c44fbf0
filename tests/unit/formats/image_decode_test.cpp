#include "formats/image_decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "formats/exif.h"
#include "formats/npy.h"

namespace alea {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const fs::path kCorpus = ALEA_SOURCE_DIR "/tests/fixtures/images";

DecodedImage decode(const std::string& name) { return decode_image(read_file(kCorpus / name), name); }

/// A good picture, the note it earns ("" = none), and its format.
struct Good {
  const char *name, *note, *format;
};

TEST(ImageDecode, GoodPicturesAreWhatPilMakesOfThem) {
  const NpzFile expected(kCorpus / "expected.npz");
  const std::vector<Good> table = {{"rgb.png", "", "png"},
                                   {"grey.png", "grey", "png"},
                                   {"bilevel.png", "grey", "png"},
                                   {"palette.png", "palette", "png"},
                                   {"palette_opaque.png", "opaque alpha dropped", "png"},
                                   {"colour_key_unused.png", "opaque alpha dropped", "png"},
                                   {"grey2.png", "grey", "png"},
                                   {"interlaced.png", "", "png"},
                                   {"one.png", "", "png"},
                                   {"wide.PNG", "", "png"},
                                   {"opaque.png", "opaque alpha dropped", "png"},
                                   {"grey16_1000.png", "16-bit scaled to 8", "png"},
                                   {"grey16_30000.png", "16-bit scaled to 8", "png"},
                                   {"rgb16.png", "16-bit scaled to 8", "png"},
                                   {"baseline.jpg", "", "jpeg"},
                                   {"restart.jpg", "", "jpeg"},
                                   {"subsampled.JPEG", "", "jpeg"},
                                   {"progressive.jpg", "", "jpeg"},
                                   {"grey.jpg", "grey", "jpeg"},
                                   {"cmyk.jpg", "cmyk", "jpeg"},
                                   {"cmyk_without_adobe.jpg", "cmyk", "jpeg"},
                                   {"ycck.jpg", "cmyk", "jpeg"},
                                   {"rotated.jpg", "exif orientation 6 ignored", "jpeg"}};
  EXPECT_EQ(table.size(), expected.names().size());
  for (const auto& good : table) {
    const DecodedImage image = decode(good.name);
    const NpyArray wanted = expected.read(good.name);
    EXPECT_EQ(image.picture.channels, 3) << good.name;
    EXPECT_EQ(image.format, good.format) << good.name;
    EXPECT_EQ(image.lossy, image.format == "jpeg") << good.name;
    ASSERT_EQ(std::uint64_t(image.picture.height), wanted.shape[0]) << good.name;
    ASSERT_EQ(std::uint64_t(image.picture.width), wanted.shape[1]) << good.name;
    const auto bytes = std::as_bytes(std::span(image.picture.pixels));
    EXPECT_TRUE(std::ranges::equal(bytes, wanted.bytes)) << good.name;
    if (*good.note != '\0')
      EXPECT_THAT(image.notes, Contains(good.note)) << good.name;
    else
      EXPECT_THAT(image.notes, IsEmpty()) << good.name;
  }
}

TEST(ImageDecode, BadPicturesAreRefusedByName) {
  const std::map<std::string, std::string> table = {{"translucent.png", "1 of 576 with alpha"},
                                                    {"palette_transparent.png", "alpha"},
                                                    {"colour_key.png", "1 of 143 with alpha"},
                                                    {"grey_alpha.png", "576 of 576"},
                                                    {"truncated.png", "offset"},
                                                    {"truncated.jpg", "offset"},
                                                    {"no_end.jpg", "ends early"},
                                                    {"restart_lost.jpg", "offset"},
                                                    {"empty.png", "an empty file"},
                                                    {"gif_inside.png", "a GIF"},
                                                    {"bmp_inside.jpg", "a BMP"},
                                                    {"webp_inside.png", "a WebP"}};
  for (const auto& [name, part] : table) {
    try {
      decode(name);
      ADD_FAILURE() << name << " was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::data) << name;
      EXPECT_THAT(error.what(), HasSubstr(name));
      EXPECT_THAT(error.what(), HasSubstr(part));
    }
  }
}

/// Every prefix ends in an error, every flipped byte in an error or in a picture: never in a crash.
TEST(ImageDecode, DamageIsSurvived) {
  for (const char* name : {"palette.png", "grey.jpg", "cmyk.jpg", "rotated.jpg"}) {
    const Bytes whole = read_file(kCorpus / name);
    for (std::size_t length = 0; length < whole.size(); length += 1 + length / 64)
      EXPECT_THROW(decode_image(std::span(whole).first(length), name), Error) << name << " cut to " << length;
    for (std::size_t at = 0; at < whole.size(); at += 1 + whole.size() / 400) {
      Bytes damaged = whole;
      damaged[at] ^= std::byte{0x41};
      try {
        decode_image(damaged, name);
      } catch (const Error&) {
      }
    }
  }
}

TEST(ExifOrientation, IsReadInBothByteOrdersAndNeverBeyondTheEnd) {
  const auto orientation = [](const std::string& segment) { return exif_orientation(std::as_bytes(std::span(segment))); };
  using namespace std::string_literals;
  const std::string little = "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0"s;
  const std::string big = "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"s;
  EXPECT_EQ(orientation(little), 8);
  EXPECT_EQ(orientation(big), 6);
  for (std::size_t length = 0; length < little.size(); ++length) EXPECT_LE(orientation(little.substr(0, length)), 8);
  EXPECT_EQ(orientation(""), 0);
}

}  // namespace
}  // namespace alea
