#include "data/statistics_file.h"

#include <limits>

#include "data/image_source.h"
#include "data/reference_stats.h"
#include "formats/npy.h"
#include "formats/zip.h"
#include "tests/unit/formats/format_test.h"

namespace alea {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

class Statistics : public FormatTest {
 protected:
  static StatisticsFile example() {
    StatisticsFile out;
    out.pool = {{1, 2}, {4, 1, 1, 3}};
    out.spatial = MeanCovariance{{5}, {2}};
    out.n = 77;
    out.facts = {{"fingerprint", "abc"}};
    return out;
  }

  /// An npz with "mu" and "sigma" and whatever `more` adds or replaces.
  fs::path write(std::map<std::string, TensorSpan> more) {
    std::map<std::string, TensorSpan> arrays{{"mu", f64(mean_, {2})}, {"sigma", f64(covariance_, {2, 2})}};
    for (auto& [key, array] : more) arrays[key] = std::move(array);
    write_npz(folder_ / "x.npz", arrays, true);
    return folder_ / "x.npz";
  }
  static TensorSpan f64(const std::vector<double>& values, std::vector<std::int64_t> shape) {
    return {DType::f64, std::move(shape), std::as_bytes(std::span(values))};
  }
  static TensorSpan text(std::string_view text) {
    return {DType::u8, {static_cast<std::int64_t>(text.size())}, std::as_bytes(std::span(text))};
  }

  std::vector<double> mean_{1, 2}, covariance_{4, 1, 1, 3};
};

TEST_F(Statistics, ComeBackAsWrittenAndAreReplacedOnlyWhenAsked) {
  const fs::path path = folder_ / "own.npz";
  write_statistics(path, example(), false);
  expect_error(ErrorCode::io, path.string() + ": exists already", [&] { write_statistics(path, example(), false); });
  write_statistics(path, example(), true);
  const StatisticsFile own = load_statistics(path);
  EXPECT_EQ(own.pool.mean, example().pool.mean);
  EXPECT_EQ(own.pool.covariance, example().pool.covariance);
  EXPECT_EQ(own.spatial->mean, example().spatial->mean);
  EXPECT_EQ(own.spatial->covariance, example().spatial->covariance);
  EXPECT_EQ(own.n, 77U);
  EXPECT_EQ(own.layout, "alea");
  EXPECT_EQ(own.facts, example().facts);
  EXPECT_EQ(own.sha256, sha256_file(path));
  EXPECT_THAT(describe_statistics(own), HasSubstr("images   77"));
}

TEST_F(Statistics, ImagesBesideThemAreWhatSourcesRead) {
  StatisticsFile file = example();
  file.stored = StoredImages{2, 1, 2, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
  write_statistics(folder_ / "own.npz", file, false);
  EXPECT_EQ(load_statistics(folder_ / "own.npz").images, 2u);
  const auto source = open_image_source((folder_ / "own.npz").string());
  ASSERT_EQ(source->size(), 2u);
  EXPECT_EQ(source->read(1).pixels, (std::vector<std::uint8_t>{7, 8, 9, 10, 11, 12}));
  file.stored->pixels.pop_back();
  expect_error(ErrorCode::shape, "expected arr_0 [2, 1, 2, 3], found 11 values",
               [&] { write_statistics(folder_ / "never.npz", file, false); });
}

TEST_F(Statistics, OfPytorchFidAndItsKinHaveMuAndSigmaAlone) {
  const StatisticsFile file = load_statistics(write({}));
  EXPECT_EQ(file.layout, "pytorch-fid");
  EXPECT_EQ(file.pool.covariance, covariance_);
  EXPECT_EQ(file.n, 0U);
  EXPECT_FALSE(file.spatial);
  EXPECT_THAT(describe_statistics(file), HasSubstr("doesn't say"));
  EXPECT_TRUE(is_statistics_file(folder_ / "x.npz"));
}

TEST_F(Statistics, OfAdmBringImagesAndSpatialMoments) {
  const std::vector<double> mean{5}, covariance{2};
  const std::vector<std::uint8_t> images(3 * 2 * 2 * 3);
  const StatisticsFile file = load_statistics(write({{"mu_s", f64(mean, {1})},
                                                     {"sigma_s", f64(covariance, {1, 1})},
                                                     {"arr_0", {DType::u8, {3, 2, 2, 3}, std::as_bytes(std::span(images))}}}));
  EXPECT_EQ(file.layout, "adm");
  EXPECT_EQ(file.images, 3U);
  EXPECT_EQ(file.spatial->mean, mean);
  EXPECT_EQ(file.n, 0U) << "how many images mu is of isn't how many lie beside it";
  EXPECT_THAT(describe_statistics(file), HasSubstr("sFID's are 2023"));
}

TEST_F(Statistics, InFloat32AreReadAndMayBeAsCrookedAsItsSumsLeaveThem) {
  const std::vector<float> mean{1, 2}, covariance{4, 1, 1 + 1e-6F, 3};
  const auto file = load_statistics(write({{"mu", {DType::f32, {2}, std::as_bytes(std::span(mean))}},
                                           {"sigma", {DType::f32, {2, 2}, std::as_bytes(std::span(covariance))}}}));
  EXPECT_EQ(file.pool.mean, mean_);
  EXPECT_THAT(file.keys, Contains(Pair("sigma", "F32 [2, 2]")));
}

/// Names, options or a pickled dict that somebody stored beside the numbers.
TEST_F(Statistics, AnArrayOfObjectsBesideThemSpoilsNothing) {
  write({});
  const std::string header = "{'descr': '|O', 'fortran_order': False, 'shape': (), }\n";
  const Bytes pickled = to_bytes(std::string("\x93NUMPY\x01\0", 8) + static_cast<char>(header.size()) + '\0' + header + "pickle");
  const Bytes whole = read_file(folder_ / "x.npz");
  const ZipArchive archive(whole, "x.npz");
  std::vector<Bytes> contents;
  for (const auto& entry : archive.entries()) contents.push_back(archive.read(entry));
  std::vector<ZipMember> members{{"hparams.npy", {pickled}}};
  for (std::size_t i = 0; i < contents.size(); ++i) members.push_back({archive.entries()[i].name, {contents[i]}});
  atomic_write(folder_ / "y.npz", std::span<const std::byte>(make_zip(members, false)));
  expect_error(ErrorCode::data, "objects", [&] { NpzFile(folder_ / "y.npz").header("hparams"); });
  EXPECT_THAT(load_statistics(folder_ / "y.npz").keys, Contains(Pair("hparams", "not read")));
}

TEST_F(Statistics, OfAleasSafetensorsSayOfWhichSetAndNetwork) {
  const fs::path path = folder_ / "s.safetensors";
  write_reference_stats(path, {.set = "tiny/train",
                               .set_sha256 = "a",
                               .network = "net",
                               .network_sha256 = "b",
                               .n = 9,
                               .mean = mean_,
                               .covariance = covariance_,
                               .sha256 = {}});
  const StatisticsFile file = load_statistics(path);
  EXPECT_EQ(file.n, 9U);
  EXPECT_EQ(file.facts["network_sha256"], "b");
  EXPECT_TRUE(is_statistics_file(path));
  write_safetensors(path, {{"weight", f64(mean_, {2})}}, {});
  EXPECT_FALSE(is_statistics_file(path)) << "a file of weights";
}

TEST_F(Statistics, WhatIsNoGaussianIsRefusedByKeyAndPlace) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto expect_refused = [&](std::vector<double> mean, std::vector<double> covariance, std::string_view part) {
    mean_ = std::move(mean), covariance_ = std::move(covariance);
    const fs::path path = write({});
    expect_error(ErrorCode::data, part, [&] { load_statistics(path); });
    expect_error(ErrorCode::data, path.string(), [&] { load_statistics(path); });
    StatisticsFile ours;
    ours.pool = {mean_, covariance_};
    expect_error(ErrorCode::domain, part, [&] { write_statistics(folder_ / "never.npz", ours, false); });
    EXPECT_FALSE(fs::exists(folder_ / "never.npz"));
  };
  expect_refused({1, 2}, {4, 1, 2, 3}, "key sigma: [1, 0] is 2 and [0, 1] is 1, expected a symmetric covariance");
  expect_refused({1, nan}, {4, 1, 1, 3}, "mean[1] of sigma is nan");
  expect_refused({1, 2}, {4, 1, 1, -3}, "key sigma: [1, 1] is -3, expected a variance");
  expect_refused({1, 2}, {4, nan, nan, 3}, "key sigma: [1, 0] is nan");
}

TEST_F(Statistics, MissingKeysShapesAndKindsAreNamed) {
  write_npz(folder_ / "half.npz", {{"mu", f64(mean_, {2})}}, false);
  expect_error(ErrorCode::data, "expected a key sigma, found mu", [&] { load_statistics(folder_ / "half.npz"); });
  const fs::path path = write({{"sigma", f64(covariance_, {4})}});
  expect_error(ErrorCode::data, "found F64 [2] and F64 [4]", [&] { load_statistics(path); });
  expect_error(ErrorCode::io, "none.npz: no such file", [&] { load_statistics(folder_ / "none.npz"); });
  StatisticsFile ours;
  ours.pool = {{1, 2}, {4, 1, 1}};
  expect_error(ErrorCode::shape, "found 2 and 3 values", [&] { write_statistics(folder_ / "never.npz", ours, false); });
}

TEST_F(Statistics, FactsThatAreNoneAreTheFilesFault) {
  for (const char* facts : {"{", "[1]", "\"a\"", R"({"fingerprint": 3})"}) {
    const fs::path path = write({{"alea", text(facts)}});
    expect_error(ErrorCode::data, "key alea", [&] { load_statistics(path); });
  }
}

}  // namespace
}  // namespace alea
