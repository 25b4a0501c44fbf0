#include "run/originals.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "formats/png.h"
#include "run/noised_start.h"
#include "tests/contract/toys.h"
#include "tests/support/plugins.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using test::code_of;

/// Three pictures of one value each, 0, 51 and 255, in every channel.
class OriginalsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const int value : {0, 51, 255}) add(std::to_string(value + 100), 6, 4, 1, static_cast<std::uint8_t>(value));
  }
  void add(const std::string& name, int width, int height, int channels, std::uint8_t value) {
    const std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width * height * channels), value);
    write_png(folder_ / (name + ".png"), {width, height, channels, pixels});
  }
  std::string set() const { return folder_.path().string(); }

  testing::TemporaryFolder folder_;
};

TEST_F(OriginalsTest, AreInMinusOneToOneByPlaceInTheSet) {
  const Originals originals(set(), 3, {1, 4, 6});
  const at::Tensor images = originals.images({2, 0, 1});
  EXPECT_EQ(images.sizes(), at::IntArrayRef({3, 1, 4, 6}));
  EXPECT_FLOAT_EQ(images[0].min().item<float>(), 1);
  EXPECT_FLOAT_EQ(images[1].max().item<float>(), -1);
  EXPECT_FLOAT_EQ(images[2].mean().item<float>(), -0.6f);
  EXPECT_EQ(originals.pixels({1}).max().item<int>(), 51);
  EXPECT_TRUE(at::equal(originals.pixels({7}), originals.pixels({2}))) << "padding of the last micro-batch";
}

TEST_F(OriginalsTest, GreyImagesServeNetworksOfColoursAndNotTheOtherWayRound) {
  EXPECT_EQ(Originals(set(), 3, {3, 4, 6}).images({1}).sizes(), at::IntArrayRef({1, 3, 4, 6}));
  std::vector<std::uint8_t> red(4 * 6 * 3, 0);
  for (std::size_t i = 0; i < red.size(); i += 3) red[i] = 200;
  write_png(folder_ / "999.png", {6, 4, 3, red});
  const Originals originals(set(), 4, {1, 4, 6});
  EXPECT_EQ(code_of([&] { originals.images({3}); }), ErrorCode::shape);
}

TEST_F(OriginalsTest, WrongExtentsAndTooFewImagesAreSaid) {
  EXPECT_EQ(code_of([&] { Originals(set(), 3, {1, 6, 4}).images({0}); }), ErrorCode::shape);
  EXPECT_EQ(code_of([&] { Originals(set(), 4, {1, 4, 6}); }), ErrorCode::config);
}

TEST_F(OriginalsTest, ClassesAreThoseOfTheSetAndMustBeAsManyAsTheNetworks) {
  const Originals without(set(), 3, {1, 4, 6});
  EXPECT_FALSE(without.labels({0}, 0).defined());
  EXPECT_EQ(code_of([&] { without.labels({0}, 2); }), ErrorCode::config) << "a folder without folders";
  for (const char* name : {"b/0", "a/0", "b/1"}) {
    std::filesystem::create_directories((folder_ / "classes" / name).parent_path());
    add(std::string("classes/") + name, 6, 4, 1, 7);
  }
  const Originals originals((folder_ / "classes").string(), 3, {1, 4, 6});
  const at::Tensor labels = originals.labels({2, 0, 9}, 2);
  EXPECT_EQ(labels.scalar_type(), at::kLong);
  EXPECT_EQ(labels[0].item<int>(), 1);
  EXPECT_EQ(labels[1].item<int>(), 0);
  EXPECT_EQ(labels[2].item<int>(), 1) << "padding has the last image";
  EXPECT_EQ(code_of([&] { originals.labels({0}, 3); }), ErrorCode::config);
  const auto first_alone = Originals((folder_ / "classes").string(), 2, {1, 4, 6}).labels({1}, 2);
  EXPECT_EQ(first_alone.item<int>(), 1) << "classes are ranked before the set is cut short";
}

TEST_F(OriginalsTest, NoisedStartIsTheForwardProcessAtItsBeginning) {
  const auto denoiser = test::gaussian(0.5);
  const Originals originals(set(), 3, denoiser->spec().shape);
  const auto factory = test::sampler("ddim", 10, *denoiser);
  const Beginning beginning = factory->beginnings().at(5);
  const NoisedStart start(*denoiser, originals, beginning, 7);
  EXPECT_EQ(start.from(), beginning.index);
  const at::Tensor noise = (start.x({1, 2}) - originals.images({1, 2}) * beginning.level.alpha) / beginning.level.sigma;
  EXPECT_LT((noise - initial_noise(7, {1, 2}, denoiser->spec().shape)).abs().max().item<double>(), 1e-5);
}

TEST_F(OriginalsTest, TheReleasedNoiseLevelIsThatOfTheTimeThatEqualsTheIndex) {
  const auto denoiser = test::gaussian(0.5);
  const Originals originals(set(), 3, denoiser->spec().shape);
  const Beginning beginning = test::sampler("ddim", 10, *denoiser)->beginnings().at(5);
  const NoisedStart released(*denoiser, originals, beginning, 7, true);
  const NoiseLevel level = denoiser->schedule().level({5});
  EXPECT_EQ(released.from(), beginning.index);
  const at::Tensor noise = (released.x({1, 2}) - originals.images({1, 2}) * level.alpha) / level.sigma;
  EXPECT_LT((noise - initial_noise(7, {1, 2}, denoiser->spec().shape)).abs().max().item<double>(), 1e-4);
  EXPECT_LT(level.sigma, 0.1 * beginning.level.sigma);  // nearly clean images
}

}  // namespace
}  // namespace alea
