#include "run/encode.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "core/error.h"
#include "models/feature_network.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

/// Pictures of two sizes whose every pixel is their place; `bad` ones can't be read.
class NumberedImages final : public ImageSource {
 public:
  explicit NumberedImages(std::uint64_t n, std::vector<std::uint64_t> bad = {}) : n_(n), bad_(std::move(bad)) {}
  std::uint64_t size() const override { return n_; }
  std::string name(std::uint64_t i) const override { return "image" + std::to_string(i); }
  Picture read(std::uint64_t i) const override {
    ++reads;
    if (std::ranges::find(bad_, i) != bad_.end()) fail(ErrorCode::data, "{}: truncated", name(i));
    const int side = i % 3 == 0 ? 2 : 4;
    return {side, side, 3, std::vector<std::uint8_t>(std::size_t(side) * side * 3, static_cast<std::uint8_t>(i % 251))};
  }
  std::string digest() const override { return "digest of " + std::to_string(n_); }
  Json facts() const override { return {{"kind", "numbered"}, {"n", n_}}; }
  mutable std::atomic<int> reads = 0;

 private:
  std::uint64_t n_;
  std::vector<std::uint64_t> bad_;
};

/// The mean pixel and its square, of whatever size; refuses batches of another size than its own.
class MeanNetwork final : public FeatureNetwork {
 public:
  MeanNetwork() {
    spec_.name = "mean";
    spec_.width = 2;
    spec_.micro_batch = 8;
    spec_.weights_sha256 = std::string(64, 'a');
  }
  const FeatureSpec& spec() const override { return spec_; }
  at::Tensor prepare(const at::Tensor& images) override {
    return images.to(at::kFloat).mean(at::IntArrayRef{1, 2, 3}).unsqueeze(1);
  }
  Output forward(const at::Tensor& prepared) override {
    EXPECT_EQ(prepared.size(0), 8);
    ++calls;
    return {at::cat({prepared, prepared * prepared}, 1), at::Tensor(), at::Tensor()};
  }
  int calls = 0;
  FeatureSpec spec_;
};

void expect_numbered(const EncodedSet& set) {
  for (std::size_t i = 0; i < set.ids.size(); ++i) {
    const auto value = static_cast<float>(set.ids[i] % 251);
    EXPECT_FLOAT_EQ(set.pool[2 * i], value);
    EXPECT_FLOAT_EQ(set.pool[2 * i + 1], value * value);
  }
}

TEST(Encode, MomentsAloneAreThoseOfTheRowsToTheBit) {
  MeanNetwork network;
  const NumberedImages images(1013, {4, 700});
  EncodeOptions options;
  options.on_error = OnError::skip;
  const auto rows = encode_images(images, network, options);
  options.only_moments = true;
  const auto moments = encode_images(images, network, options);
  EXPECT_TRUE(moments.pool.empty());
  EXPECT_EQ(moments.pool_view().n, 0u);
  EXPECT_EQ(moments.ids, rows.ids);
  const Gaussian expected = fit_gaussian(rows.pool_view()), found = moments.pool_moments->fit();
  EXPECT_EQ(found.n, 1011u);
  EXPECT_EQ(found.mean, expected.mean);
  EXPECT_EQ(found.covariance, expected.covariance);
}

TEST(Encode, KeepsOrderOverMixedSizesAndShortTails) {
  MeanNetwork network;
  const auto set = encode_images(NumberedImages(1013), network, {});
  ASSERT_EQ(set.ids.size(), 1013u);
  EXPECT_EQ(set.width, 2u);
  for (std::size_t i = 0; i < 1013; ++i) EXPECT_EQ(set.ids[i], i);
  expect_numbered(set);
}

TEST(Encode, TheCacheAnswersTheSecondTimeAndMakesADamagedBlockAgain) {
  const TemporaryFolder folder;
  MeanNetwork first, second, third;
  const EncodeOptions options{.cache = folder.path()};
  const auto once = encode_images(NumberedImages(1013), first, options);
  const auto twice = encode_images(NumberedImages(1013), second, options);
  EXPECT_EQ(second.calls, 0);
  EXPECT_EQ(once.pool, twice.pool);
  EXPECT_EQ(once.ids, twice.ids);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
    if (entry.path().filename() == "000001.h5") testing::write_text(entry.path(), "damaged");
  EXPECT_EQ(encode_images(NumberedImages(1013), third, options).pool, once.pool);
  EXPECT_GT(third.calls, 0);
  EXPECT_LT(third.calls, first.calls);
}

TEST(Encode, OtherPreprocessingIsAnotherKey) {
  const TemporaryFolder folder;
  MeanNetwork first, second;
  second.spec_.preprocessing["resize"] = "other";
  const EncodeOptions options{.cache = folder.path()};
  encode_images(NumberedImages(10), first, options);
  encode_images(NumberedImages(10), second, options);
  EXPECT_GT(second.calls, 0);
}

TEST(Encode, ABadImageStopsTheCallOrIsLeftOut) {
  MeanNetwork network;
  const NumberedImages images(40, {7, 39});
  try {
    encode_images(images, network, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("image7: truncated"));
  }
  const auto set = encode_images(images, network, {.cache = {}, .on_error = OnError::skip});
  EXPECT_EQ(set.ids.size(), 38u);
  EXPECT_THAT(set.failures, ::testing::ElementsAre("image7: truncated", "image39: truncated"));
  expect_numbered(set);
}

TEST(Encode, LeftOutImagesAreNamedFromTheCacheToo) {
  const TemporaryFolder folder;
  MeanNetwork network;
  const NumberedImages images(40, {7});
  const EncodeOptions options{.cache = folder.path(), .on_error = OnError::skip};
  encode_images(images, network, options);
  EXPECT_THAT(encode_images(images, network, options).failures, ::testing::ElementsAre("image7: truncated"));
  EXPECT_THROW(encode_images(images, network, {.cache = folder.path()}), Error);
}

TEST(Encode, ListNamesAllBeforeAnythingIsComputed) {
  MeanNetwork network;
  EXPECT_THROW(encode_images(NumberedImages(40, {7, 9}), network, {.cache = {}, .on_error = OnError::list}), Error);
  EXPECT_EQ(network.calls, 0);
}

}  // namespace
}  // namespace alea
