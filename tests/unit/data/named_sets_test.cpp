// Data sets of several kinds, each as a tiny one of its own manifest, so that nothing depends on what is installed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "core/files.h"
#include "data/dataset.h"
#include "data/image_views.h"
#include "formats/npy.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

Picture flat(int width, int height, std::uint8_t value) {
  return {width, height, 3, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * 3), value)};
}

class NamedSets : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root_ / "share/manifests");
    ::setenv("ALEA_SHARE", (root_ / "share").c_str(), 1);
    ::setenv("ALEA_DATA", (root_ / "data").c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("ALEA_SHARE");
    ::unsetenv("ALEA_DATA");
  }
  void manifest(const std::string& name, Json json) const {
    json["name"] = name;
    json["address"] = "https://example.org/" + name;
    json["system_folders"] = Json::array();
    atomic_write(root_ / ("share/manifests/" + name + ".json"), json.dump());
  }
  fs::path data(const std::string& path) const {
    const fs::path full = root_ / ("data/" + path);
    fs::create_directories(full.parent_path());
    return full;
  }
  TemporaryFolder root_;
};

class Cifar10 : public NamedSets {
 protected:
  void SetUp() override {
    NamedSets::SetUp();
    manifest("cifar10", {{"kind", "cifar10"},
                         {"classes", {"cat", "dog", "ship"}},
                         {"splits",
                          {{"train", {{"count", 3}, {"batches", {"data_batch_1.bin", "data_batch_2.bin"}}}},
                           {"test", {{"count", 1}, {"batches", {"test_batch.bin"}}}}}}});
  }
  void batch(const std::string& path, const std::vector<int>& labels, int first) const {
    std::string bytes;
    for (const int label : labels) bytes += static_cast<char>(label) + std::string(3072, static_cast<char>(first++));
    testing::write_text(data("cifar10/" + path), bytes);
  }
  void folders() const {
    int value = 10;
    for (const char* path : {"train/cat/1.png", "train/ship/0.png", "train/ship/1.png"})
      write_png(data(std::string("cifar10/") + path), flat(32, 32, static_cast<std::uint8_t>(value++)));
    fs::create_directories(data("cifar10/train/dog/x").parent_path());
  }
};

TEST_F(Cifar10, BatchesComeInOrderWithTheirLabels) {
  batch("cifar-10-batches-bin/data_batch_1.bin", {2, 0}, 5);
  batch("cifar-10-batches-bin/data_batch_2.bin", {1}, 7);
  const auto source = open_image_source("cifar10/train");
  ASSERT_EQ(source->size(), 3u);
  EXPECT_EQ(source->read(2).pixels[0], 7);
  EXPECT_EQ(source->labels().n_classes, 10u);
  EXPECT_THAT(source->labels().of, ElementsAre(2, 0, 1));
  EXPECT_EQ(source->facts()["set"], "cifar10/train");
  EXPECT_THAT(open_image_source("cifar10/train", {.limit = 2})->labels().of, ElementsAre(2, 0));
  EXPECT_EQ(open_image_source("cifar10/train", {.root = root_ / "data/cifar10/cifar-10-batches-bin"})->digest(),
            source->digest());
}

TEST_F(Cifar10, FoldersAreClassesInThePublishedOrderThoughOneIsEmpty) {
  folders();
  const auto source = open_image_source("cifar10/train");
  EXPECT_EQ(source->labels().n_classes, 3u);
  EXPECT_THAT(source->labels().of, ElementsAre(0, 2, 2)) << "by name, not by rank among the folders that have images";
  EXPECT_THAT(open_image_source((root_ / "data/cifar10/train").string())->labels().of, ElementsAre(0, 1, 1))
      << "an unnamed folder";
}

TEST_F(Cifar10, AnIncompleteOrMissingSetIsRefusedByNameAndPlace) {
  batch("data_batch_1.bin", {2, 0}, 5);
  batch("data_batch_2.bin", {}, 5);
  EXPECT_THAT(message_of([] { open_image_source("cifar10/train", {.limit = 1}); }),
              HasSubstr("cifar10/train: expected 3 images, found 2"));
  const std::string missing = message_of([] { open_image_source("cifar10/test"); });
  EXPECT_THAT(missing, HasSubstr("test_batch.bin (or a folder test/cat)"));
  EXPECT_THAT(missing, HasSubstr((root_ / "data/cifar10").string()));
  EXPECT_THAT(missing, HasSubstr("https://example.org/cifar10"));
}

TEST_F(Cifar10, AFolderThatIsNoClassAndALabelPastTheLastAreNamed) {
  folders();
  fs::rename(data("cifar10/train/ship"), data("cifar10/train/bird"));
  EXPECT_THAT(message_of([] { open_image_source("cifar10/train")->labels(); }), HasSubstr("bird/0.png: expected a folder"));
  batch("test_batch.bin", {10}, 1);
  EXPECT_THAT(message_of([] { open_image_source("cifar10/test")->labels(); }),
              HasSubstr("byte 0: expected a class below 10, found 10"));
}

TEST_F(Cifar10, TrainingHoldsThemInMemoryByTheSameName) {
  folders();
  const ImageSet grey = load_dataset("cifar10/train");
  EXPECT_EQ(grey.channels, 1) << "these are grey";
  EXPECT_EQ(grey.n_classes, 3);
  Picture red = flat(32, 32, 10);
  red.pixels[0] = 200;
  write_png(data("cifar10/train/cat/1.png"), red);
  const ImageSet set = load_dataset("cifar10/train");
  EXPECT_EQ(set.channels, 3);
  EXPECT_EQ(set.pixels.size(), 3u * 3072);
  EXPECT_EQ(set.pixels[0], 200);
  EXPECT_EQ(set.sha256, sha256_hex(std::as_bytes(std::span(set.pixels))));
  EXPECT_NE(set.sha256, grey.sha256);
  write_png(data("cifar10/train/cat/1.png"), flat(32, 31, 10));
  EXPECT_THAT(message_of([] { load_dataset("cifar10/train"); }),
              HasSubstr("expected 32 x 31 pixels (width x height) as the first image has"));
}

class ImageNet : public NamedSets {
 protected:
  void SetUp() override {
    NamedSets::SetUp();
    manifest("imagenet", {{"kind", "imagenet"},
                          {"devkit_order", {"n03", "n01", "n02"}},
                          {"sizes", {8}},
                          {"splits", {{"val", {{"count", 3}, {"npz", {"a.npz", "b.npz"}}}}}}});
    write_png(data("imagenet/val/n01/b.JPEG"), flat(40, 20, 1));
    write_png(data("imagenet/val/n03/a.png"), flat(9, 30, 3));
    Picture wide = flat(24, 8, 0);
    for (std::size_t p = 0; p < wide.pixels.size(); ++p) wide.pixels[p] = static_cast<std::uint8_t>(p / 3 % 24 / 8 * 100);
    write_png(data("imagenet/val/n03/c.png"), wide);
  }
  void npz(const std::string& name, std::uint8_t value, std::vector<std::int64_t> labels) const {
    const std::vector<std::uint8_t> pixels(labels.size() * 12288, value);
    const auto n = static_cast<std::int64_t>(labels.size());
    write_npz(data("imagenet/npz64/" + name),
              {{"data", {DType::u8, {n, 12288}, std::as_bytes(std::span(pixels))}},
               {"labels", {DType::i64, {n}, std::as_bytes(std::span(labels))}}},
              true);
  }
};

TEST_F(ImageNet, PicturesOfAnyExtentAreSquaredEachInItsWay) {
  EXPECT_EQ(dataset_names(), (std::vector<std::string>{"imagenet8/val", "imagenet8-box/val", "imagenet64-npz/val"}));
  const auto cropped = open_image_source("imagenet8/val"), squashed = open_image_source("imagenet8-box/val");
  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(cropped->read(i).width, 8);
    EXPECT_EQ(cropped->read(i).height, 8);
  }
  EXPECT_EQ(cropped->read(2).pixels, flat(8, 8, 100).pixels);
  EXPECT_EQ(squashed->read(2).pixels[0], 0);
  EXPECT_NE(cropped->digest(), squashed->digest());
  EXPECT_EQ(cropped->facts()["squaring"], "centre_crop");
  EXPECT_THAT(cropped->labels().of, ElementsAre(0, 2, 2)) << "place of the WordNet id among all sorted ones";
  EXPECT_EQ(load_dataset("imagenet8/val").height, 8);
}

TEST_F(ImageNet, DownsampledOnesNumberClassesByTheDevkitAndAreTurnedIntoTheOrderOfIds) {
  npz("a.npz", 7, {1, 2});
  npz("b.npz", 9, {3});
  const auto source = open_image_source("imagenet64-npz/val");
  ASSERT_EQ(source->size(), 3u);
  EXPECT_EQ(source->read(1).pixels[5], 7);
  EXPECT_EQ(source->read(2).pixels[5], 9);
  EXPECT_THAT(source->labels().of, ElementsAre(2, 0, 1)) << "n03, n01, n02";
  npz("b.npz", 9, {4});
  EXPECT_THAT(message_of([] { open_image_source("imagenet64-npz/val")->labels(); }),
              HasSubstr("labels[0]: expected a class from 1 to 3, found 4"));
  npz("b.npz", 9, {1, 2});
  EXPECT_THAT(message_of([] { open_image_source("imagenet64-npz/val"); }), HasSubstr("expected 3 images, found 4"));
}

TEST_F(ImageNet, SeveralSourcesAreOne) {
  std::vector<std::unique_ptr<ImageSource>> parts;
  parts.push_back(open_image_source("imagenet8/val"));
  parts.push_back(open_image_source("imagenet8-box/val"));
  const std::string first = parts[0]->digest();
  const auto joined = joined_images(std::move(parts));
  ASSERT_EQ(joined->size(), 6u);
  EXPECT_EQ(joined->read(2).pixels, flat(8, 8, 100).pixels);
  EXPECT_EQ(joined->read(5).pixels[0], 0);
  EXPECT_EQ(joined->name(5), "n03/c.png");
  EXPECT_THAT(joined->labels().of, ElementsAre(0, 2, 2, 0, 2, 2));
  EXPECT_NE(joined->digest(), first);
}

TEST(CommittedSets, TheClassesOfImageNetAreTheOnesThatModelsNumber) {
  ::setenv("ALEA_SHARE", ALEA_SOURCE_DIR "/data", 1);
  const auto order =
      read_json_file(ALEA_SOURCE_DIR "/data/manifests/imagenet.json").at("devkit_order").get<std::vector<std::string>>();
  ASSERT_EQ(order.size(), 1000u);
  auto sorted = order;
  std::ranges::sort(sorted);
  EXPECT_EQ(std::ranges::adjacent_find(sorted), sorted.end());
  const auto place = [&](const std::string& id) { return std::ranges::find(sorted, id) - sorted.begin(); };
  EXPECT_EQ(place("n01440764"), 0);    // tench
  EXPECT_EQ(place("n02119789"), 278);  // kit fox, the devkit's first
  EXPECT_EQ(place("n02100735"), 212);  // English setter, its second
  EXPECT_EQ(place("n15075141"), 999);  // toilet tissue
  EXPECT_EQ(order[0], "n02119789");
  EXPECT_EQ(order[1], "n02100735");
  EXPECT_THAT(dataset_names(), ::testing::IsSupersetOf({"cifar10/train", "cifar10/test", "imagenet64/train",
                                                        "imagenet512-box/val", "imagenet64-npz/train"}));
  ::unsetenv("ALEA_SHARE");
}

/// Folders of JPEG files of the real set: $ALEA_DATA/cifar10 as users have it.
TEST(CommittedSets, Cifar10AsTheUserHasIt) {
  const char* data = std::getenv("ALEA_DATA");
  if (data == nullptr || !fs::exists(fs::path(data) / "cifar10")) GTEST_SKIP() << "CIFAR-10 isn't in $ALEA_DATA/cifar10";
  ::setenv("ALEA_SHARE", ALEA_SOURCE_DIR "/data", 1);
  const auto source = open_image_source("cifar10/test");
  ASSERT_EQ(source->size(), 10'000u);
  std::vector<int> count(10);
  for (const auto label : source->labels().of) ++count[label];
  EXPECT_THAT(count, ::testing::Each(1000));
  EXPECT_EQ(source->read(9999).width, 32);
  ::unsetenv("ALEA_SHARE");
}

}  // namespace
}  // namespace alea
