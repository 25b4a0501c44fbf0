#include "data/image_source.h"
#include "hdf5/hdf5.h"
#include "tests/unit/formats/format_test.h"

namespace alea {
namespace {

constexpr std::size_t kUserBlock = 512, kSumAt = 40;
constexpr std::uint64_t kHeight = 2, kWidth = 3, kImageBytes = kHeight * kWidth;

/// A run of five grey images in blocks of two, image i full of i, written from the description in harness/store/block_file.h.
class ImageRun : public FormatTest {
 protected:
  void SetUp() override {
    FormatTest::SetUp();
    fs::create_directories(folder_ / "blocks");
    atomic_write(folder_ / "manifest.json", R"({"schema": "alea.store", "n_samples": 5, "block": 2})");
    for (std::uint64_t k = 0; k < 3; ++k) write_block(k, k < 2 ? 2 : 1, kHeight, kWidth);
  }

  fs::path block(std::uint64_t k) const { return folder_ / "blocks" / fmt::format("{:06}.h5", k); }

  void write_block(std::uint64_t k, std::uint64_t count, std::uint64_t height, std::uint64_t width) {
    std::vector<std::uint8_t> pixels;
    for (std::uint64_t i = 0; i < count; ++i) pixels.insert(pixels.end(), height * width, static_cast<std::uint8_t>(2 * k + i));
    ArrayMap arrays;
    arrays["images"] = make_array<std::uint8_t>(pixels, {count, height, width, 1});
    arrays["scores"] = make_array<float>(std::vector<float>(count), {count});
    const Bytes payload = hdf5_image(arrays);
    std::string file = "ALEABLK1";
    file.resize(kUserBlock);
    file.replace(kSumAt, 64, sha256_hex(payload));
    file.append(reinterpret_cast<const char*>(payload.data()), payload.size());
    atomic_write(block(k), file);
  }

  std::unique_ptr<ImageSource> open(const SourceOptions& options = {}) { return open_image_source(folder_.string(), options); }
};

TEST_F(ImageRun, HoldsTheImagesOfAllBlocksInOrderAsRgb) {
  const auto source = open();
  ASSERT_EQ(source->size(), 5U);
  for (const std::uint64_t i : {4, 0, 3, 1, 2}) {
    const Picture picture = source->read(i);
    EXPECT_EQ(picture.width, 3);
    EXPECT_EQ(picture.height, 2);
    EXPECT_EQ(picture.pixels, std::vector<std::uint8_t>(3 * kImageBytes, static_cast<std::uint8_t>(i)));
  }
  EXPECT_EQ(source->name(3), block(1).string() + "[1]");
}

TEST_F(ImageRun, ABlockAloneIsASourceToo) {
  EXPECT_EQ(open_image_source(block(1).string())->read(0).pixels.front(), 2);
  EXPECT_EQ(open_image_source(block(1).string())->size(), 2U);
}

TEST_F(ImageRun, TheDigestKnowsContentsAndNotPlaces) {
  const std::string digest = open()->digest();
  const fs::path elsewhere = folder_ / "elsewhere";
  fs::create_directory(elsewhere);
  fs::copy(folder_ / "manifest.json", elsewhere);
  fs::copy(folder_ / "blocks", elsewhere / "blocks");
  EXPECT_EQ(open_image_source(elsewhere.string())->digest(), digest);
  EXPECT_NE(open({.limit = 4})->digest(), digest);
}

TEST_F(ImageRun, AnUnfinishedRunIsRefusedUnlessItsFirstImagesAreEnough) {
  fs::remove(block(2));
  expect_error(ErrorCode::io, block(2).string() + ": no such block", [&] { open(); });
  EXPECT_EQ(open({.limit = 4})->size(), 4U);
  expect_error(ErrorCode::io, "isn't finished", [&] { open({.limit = 5}); });
}

TEST_F(ImageRun, ADamagedBlockIsRefusedBeforeItIsParsed) {
  Bytes file = read_file(block(1));
  file.back() ^= std::byte{1};
  atomic_write(block(1), std::span<const std::byte>(file));
  const auto source = open();
  EXPECT_EQ(source->read(0).pixels.front(), 0);
  expect_error(ErrorCode::data, block(1).string() + ": expected a payload of sha256", [&] { source->read(2); });
}

TEST_F(ImageRun, BlocksOfAnotherShapeOrCountAreRefused) {
  write_block(1, 2, kWidth, kHeight);
  expect_error(ErrorCode::data, "expected [2, 2, 3, 1], found [2, 3, 2, 1]", [&] { open()->read(2); });
  write_block(1, 1, kHeight, kWidth);
  expect_error(ErrorCode::data, "expected [2, 2, 3, 1], found [1, 2, 3, 1]", [&] { open()->read(2); });
}

TEST_F(ImageRun, AManifestWithoutNumbersOrWithAbsurdOnesIsRefused) {
  for (const char* text : {"[]", "{}", R"({"n_samples": 0, "block": 2})", R"({"n_samples": -5, "block": 2})",
                           R"({"n_samples": 1e9, "block": 2})", R"({"n_samples": 9000000000000000000, "block": 2})"}) {
    atomic_write(folder_ / "manifest.json", std::string_view(text));
    expect_error(ErrorCode::data, "/n_samples: expected a number", [&] { open(); });
  }
  atomic_write(folder_ / "manifest.json", R"({"n_samples": 1000000000000, "block": 1})");
  expect_error(ErrorCode::data, "blocks, found 1000000000000 samples in blocks of 1", [&] { open(); });
}

/// Any power of two from 512 on may lie before HDF5's signature, with anything in it.
TEST_F(ImageRun, Hdf5BehindAnotherUserBlock) {
  ArrayMap arrays;
  arrays["pictures"] = make_array<std::uint8_t>(std::vector<std::uint8_t>(2 * kImageBytes, 7), {2, kHeight, kWidth});
  const Bytes image = hdf5_image(arrays);
  std::string file(2048, '#');
  file.append(reinterpret_cast<const char*>(image.data()), image.size());
  atomic_write(folder_ / "x.h5", file);
  EXPECT_EQ(open_image_source((folder_ / "x.h5").string())->read(1).pixels, std::vector<std::uint8_t>(3 * kImageBytes, 7));
}

}  // namespace
}  // namespace alea
