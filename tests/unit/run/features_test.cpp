#include "run/features.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "formats/npy.h"
#include "models/nn/inception.h"
#include "protocols/planted.h"
#include "protocols/real_features.h"
#include "protocols/set_metrics_options.h"
#include "run/real_features.h"
#include "run/set_network.h"
#include "tests/support/environment.h"
#include "tests/support/kept_source.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using ::testing::HasSubstr;

constexpr ImageExtent kExtent{2, 2, 3};
constexpr std::size_t kSize = 12;

ArrayMap block_of(std::uint64_t first, std::uint64_t n) {
  std::vector<std::uint64_t> ids;
  std::vector<std::uint8_t> pixels;
  for (std::uint64_t i = 0; i < n; ++i) {
    ids.push_back(first + i);
    for (std::size_t e = 0; e < kSize; ++e) pixels.push_back(static_cast<std::uint8_t>((first + i) * 17 + e * 5));
  }
  ArrayMap block;
  block["ids"] = make_array<std::uint64_t>(ids, {n});
  block["images"] = make_array<std::uint8_t>(pixels, {n, 2, 3, 2});
  return block;
}

Plan planted_plan() {
  Plan plan;
  plan.seed = 3;
  plan.feature_network = kPixelNetwork;
  plan.planted_strengths = {4, 30};
  return plan;
}

TEST(PixelFeatures, AreThePixelsOver255ChannelsFirst) {
  const FeatureExtractor extractor(kPixelNetwork, kExtent);
  EXPECT_EQ(extractor.facts().width, 12);
  std::vector<std::uint8_t> image(kSize, 0);
  image[1] = 51;  // row 0, column 0, channel 1: element 6 of [c, h, w]
  const auto features = extractor.evaluate(image).features;
  ASSERT_EQ(features.size(), kSize);
  for (std::size_t i = 0; i < kSize; ++i) EXPECT_FLOAT_EQ(features[i], i == 6 ? 0.2f : 0.0f) << i;
}

TEST(PixelFeatures, DoNotDependOnTheBatch) {
  const FeatureExtractor extractor(kPixelNetwork, kExtent);
  const ArrayMap block = block_of(0, 205);
  const auto images = block.at("images").as<std::uint8_t>();
  const auto all = extractor.evaluate(images).features;
  ASSERT_EQ(all.size(), 205 * kSize);
  for (const std::size_t i : {0, 99, 100, 204}) {
    const auto one = extractor.evaluate(images.subspan(i * kSize, kSize)).features;
    EXPECT_TRUE(std::equal(one.begin(), one.end(), all.begin() + std::ptrdiff_t(i * kSize))) << i;
  }
}

TEST(MinMaxBatch, StretchesEachBatchToTheWholeRange) {
  const FeatureExtractor extractor(kPixelNetwork, kExtent);
  std::vector<std::uint8_t> images(5 * kSize, 100);
  images[0] = 50;  // the first batch: images 0 and 1, of 50..150
  images[2 * kSize - 1] = 150;
  images[2 * kSize] = 0, images[3 * kSize] = 255;  // the second has the whole range already
  const auto plain = extractor.evaluate(images).features, stretched = extractor.evaluate(images, 2).features;
  EXPECT_EQ(stretched[0], 0);
  EXPECT_NEAR(stretched[kSize], 0.5, 1e-6);  // 100 of 50..150
  EXPECT_NEAR(stretched[2 * kSize - 1], 1, 1e-6);
  EXPECT_TRUE(std::equal(plain.begin() + 2 * kSize, plain.end(), stretched.begin() + 2 * kSize));  // and one of a single level
  const auto alone = extractor.evaluate(std::span(images).first(kSize), 2).features;
  EXPECT_NEAR(alone[1], 1, 1e-6) << "an image's features depend on its neighbours";
}

TEST(MinMaxBatch, IsAppliedToABlockAndItsPlantedDefects) {
  const FeatureExtractor extractor(kPixelNetwork, kExtent);
  Plan plan = planted_plan();
  const ArrayMap block = block_of(0, 6);  // grey levels 0..140
  const auto plain = feature_block(extractor, plan, 6, block).at("features").as<float>()[kSize - 1];
  plan.min_max_batch = 128;
  const ArrayMap stretched = feature_block(extractor, plan, 6, block);
  EXPECT_NEAR(stretched.at("features").as<float>()[kSize - 1], plain * 255 / 140, 1e-6);
}

TEST(PixelFeatures, PartOfAnImageIsAShapeError) {
  const FeatureExtractor extractor(kPixelNetwork, kExtent);
  EXPECT_THROW(extractor.evaluate(std::vector<std::uint8_t>(kSize + 1)), Error);
}

TEST(PixelFeatures, OfAnybodysGreyImagesAreThoseOfTheSameStoredImages) {
  const testing::TemporaryFolder folder;
  const test::ScopedVariable cache("ALEA_CACHE", (folder / "cache").string());
  std::vector<std::uint8_t> pixels(60);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(11 * i);
  write_npz(folder / "real.npz", {{"arr_0", {DType::u8, {10, 2, 3, 1}, std::as_bytes(std::span(pixels))}}}, false);
  const FeatureExtractor extractor(kPixelNetwork, {1, 2, 3});
  Plan plan;
  plan.reference_images = (folder / "real.npz").string();
  EXPECT_THAT(check_real_features(plan, extractor), HasSubstr("10 of 10"));
  make_real_features(plan, extractor, folder.path());
  const FeatureIdentity identity{kPixelNetwork, "", ""};
  const RealFeatures all = load_real_features(folder / kRealFeaturesFile, identity);
  EXPECT_EQ(all.features, extractor.evaluate(pixels).features);
  fs::remove(folder / kRealFeaturesFile);
  plan.reference_count = 4;
  make_real_features(plan, extractor, folder.path());
  const RealFeatures some = load_real_features(folder / kRealFeaturesFile, identity);
  EXPECT_EQ(some.n, 4U);
  EXPECT_EQ(some.of, 10U);
  EXPECT_NE(some.images_sha256, all.images_sha256);
  const FeatureExtractor wide(kPixelNetwork, {1, 2, 4});
  fs::remove(folder / kRealFeaturesFile);
  EXPECT_THROW(make_real_features(plan, wide, folder.path()), Error);
  EXPECT_THROW(check_real_features(plan, wide), Error);
  plan.reference_count = 11;
  EXPECT_THROW(check_real_features(plan, extractor), Error);
}

TEST(FeatureBlock, PlantsDefectsInItsShareOfTheRunsPlantedIds) {
  const FeatureExtractor extractor(kPixelNetwork, kExtent);
  const Plan plan = planted_plan();
  Ids found;
  for (std::uint64_t first = 0; first < 60; first += 20) {
    const ArrayMap block = block_of(first, 20);
    const ArrayMap features = feature_block(extractor, plan, 60, block);
    const auto ids = features.at("planted/ids").as<std::uint64_t>();
    found.insert(found.end(), ids.begin(), ids.end());
    for (std::size_t k = 0; k < 2; ++k) {
      const auto planted = features.at("planted/" + std::to_string(k) + "/features").as<float>();
      ASSERT_EQ(planted.size(), ids.size() * kSize);
      for (std::size_t j = 0; j < ids.size(); ++j) {
        const auto image = block.at("images").as<std::uint8_t>().subspan((ids[j] - first) * kSize, kSize);
        const auto expected = extractor.evaluate(plant_defect(image, plan.planted_strengths[k], plan.seed, ids[j])).features;
        EXPECT_TRUE(std::equal(expected.begin(), expected.end(), planted.begin() + std::ptrdiff_t(j * kSize)));
      }
    }
  }
  EXPECT_EQ(found, planted_ids(plan.seed, 60));
}

TEST(InceptionFeatures, AreThoseOfPytorchFidFromTheFolderOfWeights) {
  const testing::TemporaryFolder folder;
  const test::ScopedVariable share("ALEA_SHARE", folder.path().string()), weights("ALEA_WEIGHTS", folder.path().string());
  const fs::path manifest = folder / "manifests/networks/inception.json", file = folder / "inception.safetensors";
  fs::create_directories(manifest.parent_path());
  test::KeptSource source;
  const nn::Inception network(source, {});
  save_weights(file, source.kept, StoredAs::f16);
  const std::string sha256 = sha256_file(file);
  const Json facts = {{"file", file.filename().string()},
                      {"sha256", sha256},
                      {"sha256_prefix", sha256.substr(0, 8)},
                      {"address", "https://example.org"}};
  atomic_write(manifest, facts.dump());

  const FeatureExtractor extractor("inception", {3, 8, 8});
  EXPECT_EQ(extractor.facts().network, "inception");
  EXPECT_EQ(extractor.facts().width, 2048);
  EncoderOptions options = conventions_of("pytorch-fid").encoder;
  options.weights = file.string();
  const SetNetwork metrics = make_set_network(options);
  EXPECT_EQ(extractor.facts().fingerprint, metrics.fingerprint);
  std::vector<std::uint8_t> image(3 * 64);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<std::uint8_t>(i * 37);
  const auto features = extractor.evaluate(image).features;
  ASSERT_EQ(features.size(), 2048u);
  at::Tensor chw = at::empty({16, 3, 8, 8}, at::kByte);
  for (std::int64_t i = 0; i < chw.numel(); ++i) {
    const std::int64_t pixel = i % 192, channel = pixel / 64, place = pixel % 64;
    chw.mutable_data_ptr<std::uint8_t>()[i] = image[static_cast<std::size_t>(place * 3 + channel)];
  }
  const at::Tensor expected = metrics.network->evaluate(chw).features;
  for (std::int64_t i = 0; i < 2048; ++i) EXPECT_FLOAT_EQ(features[static_cast<std::size_t>(i)], expected[0][i].item<float>());

  EXPECT_THROW(FeatureExtractor("inception", {1, 8, 8}), Error) << "it takes images in colour";
  fs::remove(file);
  EXPECT_THROW(FeatureExtractor("inception", {3, 8, 8}), Error);
}

TEST(FeatureBlock, ABlockWithoutPlantedIdsHasEmptyArrays) {
  const FeatureExtractor extractor(kPixelNetwork, kExtent);
  const ArrayMap features = feature_block(extractor, planted_plan(), 60, block_of(100, 5));
  EXPECT_EQ(features.at("planted/ids").shape, (std::vector<std::uint64_t>{0}));
  EXPECT_EQ(features.at("planted/1/features").shape, (std::vector<std::uint64_t>{0, 12}));
}

TEST(FeatureBlock, HasNothingPlantedWhereThePlanHasNoDefects) {
  Plan plan = planted_plan();
  plan.planted_strengths.clear();
  const ArrayMap features = feature_block(FeatureExtractor(kPixelNetwork, kExtent), plan, 60, block_of(0, 5));
  EXPECT_FALSE(features.contains("planted/ids"));
  EXPECT_TRUE(features.contains("features"));
}

}  // namespace
}  // namespace alea
