#include "data/image_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "formats/npy.h"
#include "hdf5/hdf5.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

constexpr int kHeight = 3, kWidth = 2;

std::uint8_t pixel(std::uint64_t i, int y, int x, int c) { return static_cast<std::uint8_t>(i * 50 + y * 17 + x * 7 + c * 3); }

std::vector<std::uint8_t> images_hwc(std::uint64_t n) {
  std::vector<std::uint8_t> out;
  for (std::uint64_t i = 0; i < n; ++i)
    for (int y = 0; y < kHeight; ++y)
      for (int x = 0; x < kWidth; ++x)
        for (int c = 0; c < 3; ++c) out.push_back(pixel(i, y, x, c));
  return out;
}

void expect_images(const ImageSource& source, std::uint64_t n) {
  ASSERT_EQ(source.size(), n);
  for (std::uint64_t i = 0; i < n; ++i) {
    const Picture picture = source.read(i);
    ASSERT_EQ(picture.height, kHeight);
    ASSERT_EQ(picture.width, kWidth);
    for (int y = 0; y < kHeight; ++y)
      for (int x = 0; x < kWidth; ++x)
        for (int c = 0; c < 3; ++c) EXPECT_EQ(picture.pixels[std::size_t((y * kWidth + x) * 3 + c)], pixel(i, y, x, c));
  }
}

TensorSpan u8(const std::vector<std::uint8_t>& values, std::vector<std::int64_t> shape) {
  return {DType::u8, std::move(shape), std::as_bytes(std::span(values))};
}

template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ImageSource, NpzStoredAndDeflated) {
  const TemporaryFolder folder;
  const auto pixels = images_hwc(5);
  std::string digest;
  for (const bool deflate : {false, true}) {
    const auto path = folder / (deflate ? "deflated.npz" : "stored.npz");
    write_npz(path, {{"arr_0", u8(pixels, {5, kHeight, kWidth, 3})}}, deflate);
    const auto source = open_image_source(path.string());
    expect_images(*source, 5);
    if (digest.empty()) digest = source->digest();
    EXPECT_EQ(source->digest(), digest);
  }
}

TEST(ImageSource, AnHdf5FileHoldsItsOneArrayOfImages) {
  const TemporaryFolder folder;
  ArrayMap arrays;
  arrays["images"] = make_array<std::uint8_t>(images_hwc(4), {4, kHeight, kWidth, 3});
  arrays["scores"] = make_array<float>(std::vector<float>(4), {4});
  const Bytes image = hdf5_image(arrays);
  atomic_write(folder / "plain.h5", image);
  expect_images(*open_image_source((folder / "plain.h5").string()), 4);
  EXPECT_THAT(message_of([&] { open_image_source((folder / "plain.h5").string(), {.array = "scores"}); }), HasSubstr("F32 [4]"));
}

TEST(ImageSource, CifarBinaryIsPlanarWithALabelInFront) {
  const TemporaryFolder folder;
  std::string batch;
  for (int i = 0; i < 3; ++i) {
    batch += static_cast<char>(i);
    for (int c = 0; c < 3; ++c)
      for (int p = 0; p < 1024; ++p) batch += static_cast<char>((p + c * 11 + i * 5) % 256);
  }
  testing::write_text(folder / "test_batch.bin", batch);
  const auto source = open_image_source(folder.path().string());
  ASSERT_EQ(source->size(), 3u);
  const Picture picture = source->read(2);
  EXPECT_EQ(picture.pixels[3 * 100 + 1], (100 + 11 + 10) % 256);
  testing::write_text(folder / "test_batch.bin", batch + "x");
  EXPECT_THAT(message_of([&] { open_image_source(folder.path().string()); }), HasSubstr("multiple of 3073"));
}

TEST(ImageSource, ImageNet64IsPlanarRows) {
  const TemporaryFolder folder;
  std::vector<std::uint8_t> data(2 * 12);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 3);
  write_npz(folder / "train.npz", {{"data", u8(data, {2, 12})}}, false);
  const Picture picture = open_image_source((folder / "train.npz").string())->read(1);
  EXPECT_EQ(picture.width, 2);
  EXPECT_EQ(picture.pixels[3 * 2 + 1], data[12 + 4 + 2]);  // pixel 2, green: plane 1
}

class ImageFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root_ / "b" / "c");
    copy("rgb.png", "z.png");
    copy("wide.PNG", "b/a.PNG");
    copy("baseline.jpg", "b/c/m.JPG");
    testing::write_text(root_ / "notes.txt", "not a picture");
  }
  void copy(const char* from, const std::string& to) const {
    fs::copy_file(fs::path(ALEA_SOURCE_DIR "/tests/fixtures/images") / from, root_ / to);
  }
  TemporaryFolder root_;
};

TEST_F(ImageFolder, IsSortedByPathAndTakesEveryCase) {
  const auto source = open_image_source(root_.path().string());
  ASSERT_EQ(source->size(), 3u);
  EXPECT_EQ(source->name(0), "b/a.PNG");
  EXPECT_EQ(source->name(1), "b/c/m.JPG");
  EXPECT_EQ(source->name(2), "z.png");
  EXPECT_EQ(source->read(0).width, 40);
  EXPECT_EQ(source->read(2).width, 24);
  EXPECT_EQ(source->facts()["ignored"][".txt"], 1);
  EXPECT_TRUE(source->facts()["lossy"].get<bool>());
}

TEST_F(ImageFolder, AJpegIsLossyUnderAnyName) {
  fs::remove_all(root_ / "b");
  EXPECT_FALSE(open_image_source(root_.path().string())->facts()["lossy"].get<bool>());
  copy("baseline.jpg", "renamed.png");
  EXPECT_TRUE(open_image_source(root_.path().string())->facts()["lossy"].get<bool>());
}

TEST_F(ImageFolder, ALinkToNothingIsAnErrorNotAnImageLess) {
  fs::create_symlink("gone.png", root_ / "link.png");
  const auto source = open_image_source(root_.path().string());
  ASSERT_EQ(source->size(), 4u);
  EXPECT_THAT(message_of([&] { source->read(2); }), HasSubstr((root_ / "link.png").string()));
}

TEST_F(ImageFolder, FlatAndLimitedOnes) {
  EXPECT_EQ(open_image_source(root_.path().string(), {.recursive = false})->size(), 1u);
  EXPECT_EQ(open_image_source(root_.path().string(), {.limit = 2})->size(), 2u);
}

TEST_F(ImageFolder, TheDigestKnowsNamesAndContents) {
  const auto digest = [&] { return open_image_source(root_.path().string())->digest(); };
  const std::string before = digest();
  EXPECT_EQ(digest(), before);
  fs::rename(root_ / "z.png", root_ / "y.png");
  const std::string renamed = digest();
  EXPECT_NE(renamed, before);
  fs::remove(root_ / "y.png");
  copy("grey.png", "y.png");
  EXPECT_NE(digest(), renamed);
}

TEST_F(ImageFolder, WrongPlacesAreExplained) {
  EXPECT_THAT(message_of([&] { open_image_source((root_ / "nowhere").string()); }), HasSubstr("no such file or folder"));
  EXPECT_THAT(message_of([&] { open_image_source((root_ / "z.png").string()); }), HasSubstr("a single image; give its folder"));
  EXPECT_THAT(message_of([&] { open_image_source((root_ / "notes.txt").string()); }), HasSubstr("another kind"));
  fs::create_directories(root_ / "empty");
  testing::write_text(root_ / "empty" / "a.gif", "GIF89a");
  EXPECT_THAT(message_of([&] { open_image_source((root_ / "empty").string()); }), AllOf(HasSubstr("1 .gif"), HasSubstr(".png")));
}

}  // namespace
}  // namespace alea
