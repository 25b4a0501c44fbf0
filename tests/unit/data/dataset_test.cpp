#include "data/dataset.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "tests/unit/formats/format_test.h"

namespace alea {
namespace {

/// A tiny set of two 1x2 pictures in a share of its own, so that nothing depends on what is installed.
class Dataset : public FormatTest {
 protected:
  void SetUp() override {
    FormatTest::SetUp();
    fs::create_directories(folder_ / "share" / "manifests");
    fs::create_directories(folder_ / "system");
    ::setenv("ALEA_SHARE", (folder_ / "share").c_str(), 1);
    ::unsetenv("ALEA_DATA");
    atomic_write(folder_ / "system" / "images", std::span<const std::byte>(images_));
    atomic_write(folder_ / "system" / "labels", std::span<const std::byte>(labels_));
    write_manifest(manifest());
  }
  void TearDown() override {
    ::unsetenv("ALEA_SHARE");
    ::unsetenv("ALEA_DATA");
    FormatTest::TearDown();
  }

  static Json stored(const char* name, const Bytes& bytes) {
    return {{"file", name}, {"stored", {{{"by", "test"}, {"size", bytes.size()}, {"sha256", sha256_hex(bytes)}}}}};
  }
  Json manifest() const {
    return {
        {"name", "tiny"},
        {"package", "dataset-tiny"},
        {"address", "https://example.org/tiny"},
        {"licence", "MIT"},
        {"system_folders", {(folder_ / "system").string()}},
        {"height", 1},
        {"width", 2},
        {"channels", 1},
        {"classes", {"a", "b"}},
        {"splits", {{"train", {{"count", 2}, {"images", stored("images", images_)}, {"labels", stored("labels", labels_)}}}}}};
  }
  void write_manifest(const Json& json) { atomic_write(folder_ / "share" / "manifests" / "tiny.json", json.dump()); }

  static Bytes bytes(std::initializer_list<unsigned> values) {
    Bytes out;
    for (const unsigned v : values) out.push_back(static_cast<std::byte>(v));
    return out;
  }
  Bytes images_ = bytes({0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 40});
  Bytes labels_ = bytes({0, 0, 8, 1, 0, 0, 0, 2, 1, 0});
};

TEST_F(Dataset, ReadsPixelsLabelsAndTheirHash) {
  const ImageSet set = load_dataset("tiny/train");
  EXPECT_EQ(set.name, "tiny/train");
  EXPECT_EQ(set.n, 2U);
  EXPECT_EQ(set.n_classes, 2);
  EXPECT_EQ(set.image_bytes(), 2U);
  EXPECT_EQ(set.pixels, (std::vector<std::uint8_t>{10, 20, 30, 40}));
  EXPECT_EQ(set.labels, (std::vector<std::uint32_t>{1, 0}));
  EXPECT_EQ(set.sha256, sha256_hex(bytes({10, 20, 30, 40})));
  EXPECT_EQ(dataset_names(), (std::vector<std::string>{"tiny/train"}));
}

TEST_F(Dataset, LooksInTheUsersFolderBeforeTheSystemsAndOnlyInAGivenRoot) {
  fs::create_directories(folder_ / "user");
  fs::rename(folder_ / "system", folder_ / "user" / "tiny");
  expect_error(ErrorCode::io, (folder_ / "system").string(), [] { load_dataset("tiny/train"); });
  expect_error(ErrorCode::io, "dataset-tiny", [] { load_dataset("tiny/train"); });
  ::setenv("ALEA_DATA", (folder_ / "user").c_str(), 1);
  EXPECT_EQ(load_dataset("tiny/train").n, 2U);
  expect_error(ErrorCode::io, (folder_ / "other").string(), [&] { load_dataset("tiny/train", folder_ / "other"); });
  EXPECT_EQ(load_dataset("tiny/train", folder_ / "user" / "tiny").n, 2U);
}

TEST_F(Dataset, AnotherHashIsRefusedWithBothHashes) {
  const std::string expected = sha256_hex(images_);
  images_.back() = std::byte{41};
  atomic_write(folder_ / "system" / "images", std::span<const std::byte>(images_));
  expect_error(ErrorCode::data, "expected sha256 " + expected, [] { load_dataset("tiny/train"); });
  expect_error(ErrorCode::data, "found " + sha256_hex(images_), [] { load_dataset("tiny/train"); });
}

TEST_F(Dataset, AnyOfTheStoredFormsOfAFileIsAccepted) {
  Json json = manifest();
  auto& forms = json["splits"]["train"]["images"]["stored"];
  forms.insert(forms.begin(), Json{{"by", "somebody else"}, {"size", 1}, {"sha256", std::string(64, '0')}});
  write_manifest(json);
  EXPECT_EQ(load_dataset("tiny/train").n, 2U);
}

TEST_F(Dataset, AFileOfAnotherShapeOrAnUnknownClassIsRefused) {
  Json json = manifest();
  json["width"] = 1;
  json["height"] = 2;
  write_manifest(json);
  expect_error(ErrorCode::data, "images: expected shape [2, 2, 1], found [2, 1, 2]", [] { load_dataset("tiny/train"); });
  json = manifest();
  json["classes"] = {"a"};
  write_manifest(json);
  expect_error(ErrorCode::data, "label 0: expected a class below 1, found 1", [] { load_dataset("tiny/train"); });
}

TEST_F(Dataset, AnUnknownNameSuggestsTheNearest) {
  expect_error(ErrorCode::config, "did you mean \"tiny/train\"", [] { load_dataset("tiny/tarin"); });
  expect_error(ErrorCode::config, "not a known dataset", [] { load_dataset("../tiny/train"); });
}

TEST_F(Dataset, ADamagedManifestOrAMissingShareIsAClearError) {
  write_manifest({{"name", "tiny"}});
  expect_error(ErrorCode::data, "a manifest is damaged", [] { load_dataset("tiny/train"); });
  ::setenv("ALEA_SHARE", (folder_ / "nowhere").c_str(), 1);
  expect_error(ErrorCode::io, "set ALEA_SHARE", [] { dataset_names(); });
}

TEST(FashionMnist, TheCommittedManifestFitsTheInstalledPackage) {
  ::setenv("ALEA_SHARE", ALEA_SOURCE_DIR "/data", 1);
  EXPECT_THAT(dataset_names(), ::testing::IsSupersetOf({"fashion-mnist/test", "fashion-mnist/train"}));
  if (!fs::exists("/usr/share/datasets/fashion-mnist")) GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  const ImageSet set = load_dataset("fashion-mnist/test");
  EXPECT_EQ(set.n, 10'000U);
  EXPECT_EQ(set.pixels.size(), 10'000U * 28 * 28);
  // The publisher's statistics: ten classes of equal size, mean intensity 0.2868 over the test pictures.
  std::vector<int> count(10);
  for (const auto label : set.labels) ++count[label];
  EXPECT_THAT(count, ::testing::Each(1000));
  const double sum = std::accumulate(set.pixels.begin(), set.pixels.end(), 0.0);
  EXPECT_NEAR(sum / static_cast<double>(set.pixels.size()) / 255, 0.2868, 1e-4);
  EXPECT_EQ(set.labels[0], 9);  // an ankle boot
  ::unsetenv("ALEA_SHARE");
}

}  // namespace
}  // namespace alea
