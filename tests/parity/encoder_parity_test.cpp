#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "formats/safetensors.h"
#include "models/nn/inception.h"
#include "models/nn/vgg16.h"
#include "models/preprocess.h"
#include "models/resize.h"
#include "models/weights.h"

namespace alea {
namespace {

const double kReluGain = std::sqrt(6.0);

/// The fixture's images (scripts/fixtures/encoders.py), uint8 [n, 3, height, width].
at::Tensor make_images(std::int64_t n, std::int64_t height, std::int64_t width) {
  at::Tensor images = at::empty({n, 3, height, width}, at::kByte);
  auto* out = images.mutable_data_ptr<std::uint8_t>();
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t c = 0; c < 3; ++c)
      for (std::int64_t y = 0; y < height; ++y)
        for (std::int64_t x = 0; x < width; ++x)
          *out++ = static_cast<std::uint8_t>((x * 7 + y * 13 + c * 29 + i * 101 + (x * y) % 17 * 9) % 256);
  return images;
}

at::Tensor expected(const std::string& name) {
  static const SafetensorsFile file(ALEA_SOURCE_DIR "/tests/fixtures/encoders.safetensors");
  const auto& span = file.tensors().at(name);
  return at::from_blob(const_cast<std::byte*>(span.bytes.data()), span.shape, at::kFloat).clone();
}

double relative_distance(const at::Tensor& found, const at::Tensor& wanted) {
  return ((found - wanted).norm() / wanted.norm()).item<double>();
}

at::Tensor prepared(std::int64_t n, const std::string& resize, const std::string& normalise) {
  EncoderOptions options;
  options.resize = resize;
  options.normalise = normalise;
  return preprocess_images(make_images(n, 64, 64), options);
}

nn::Inception make_inception(const nn::InceptionOptions& options) {
  HashedSource source(kReluGain);
  return {source, options};
}

constexpr double kTolerance = 5e-6;

TEST(InceptionParity, FeaturesOfEveryLayerAreThoseOfPytorchFid) {
  const at::Tensor x = prepared(2, "bilinear", "torch");
  for (const int layer : {64, 192, 768, 2048}) {
    nn::Inception network = make_inception({.layer = layer});
    EXPECT_LT(relative_distance(network.forward(x).features, expected("pytorch_fid_" + std::to_string(layer))), kTolerance)
        << layer;
  }
}

/// The peer's network with each of three likely mistakes: parity would fail on any of them.
TEST(InceptionParity, TheToleranceIsFarBelowWhatAMistakeWouldChange) {
  for (const auto* mistake : {"with_padded_average", "with_average_in_7c", "with_torch_eps"})
    EXPECT_GT(expected(std::string("distance_") + mistake).item<double>(), 200 * kTolerance) << mistake;
}

TEST(InceptionParity, SpatialFeaturesAreChannelFastest) {
  nn::Inception network = make_inception({});
  EXPECT_LT(relative_distance(network.forward(prepared(2, "bilinear", "torch")).spatial, expected("spatial")), kTolerance);
}

TEST(InceptionParity, LogitsAndTensorflowResizeAreThoseOfTorchFidelity) {
  const at::Tensor x = prepared(2, "bilinear_tf1", "tf");
  const auto unbiased = make_inception({}).forward(x);
  EXPECT_LT(relative_distance(unbiased.features, expected("torch_fidelity_2048")), kTolerance);
  EXPECT_LT(relative_distance(unbiased.logits, expected("torch_fidelity_logits_unbiased")), kTolerance);
  const auto biased = make_inception({.logits_bias = true}).forward(x);
  EXPECT_LT(relative_distance(biased.logits, expected("torch_fidelity_logits")), kTolerance);
  EXPECT_GT(relative_distance(unbiased.logits, expected("torch_fidelity_logits")), 1e-3);
}

/// Four images' statistics amplify rounding: the peer itself is 2e-4 off its own float64.
TEST(InceptionParity, TrainModeUsesTheBatchsOwnStatistics) {
  nn::Inception network = make_inception({.train_mode_batch_norm = true});
  EXPECT_LT(relative_distance(network.forward(prepared(4, "bilinear", "torch")).features, expected("train_mode_2048")), 4e-4);
}

TEST(InceptionParity, OtherPreprocessingShows) {
  nn::Inception network = make_inception({});
  for (const auto& [resize, normalise] : {std::pair{"bilinear_tf1", "torch"}, {"bilinear", "tf"}, {"bicubic_pil", "torch"}})
    EXPECT_GT(relative_distance(network.forward(prepared(2, resize, normalise)).features, expected("pytorch_fid_2048")), 1e-3)
        << resize;
}

TEST(InceptionParity, AFeatureDependsOnItsImageAlone) {
  nn::Inception network = make_inception({});
  const at::Tensor x = prepared(4, "bilinear", "torch"), reversed = x.flip({0}).contiguous();
  const auto forwards = network.forward(x), backwards = network.forward(reversed);
  EXPECT_TRUE(at::equal(forwards.features, backwards.features.flip({0})));
  EXPECT_TRUE(at::equal(forwards.spatial, backwards.spatial.flip({0})));
  EXPECT_TRUE(at::equal(forwards.logits, backwards.logits.flip({0})));
}

TEST(InceptionParity, ThreadsDoNotChangeABit) {
  nn::Inception network = make_inception({});
  const at::Tensor x = prepared(3, "bilinear", "torch");
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = network.forward(x);
  at::set_num_threads(2);
  const auto two = network.forward(x);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one.features, two.features));
  EXPECT_TRUE(at::equal(one.logits, two.logits));
}

/// Tails are padded to the micro batch, so that a row's bits don't depend on how many there are.
TEST(InceptionParity, APaddedTailHasTheBitsOfAFullBatch) {
  nn::Inception network = make_inception({});
  const at::Tensor x = prepared(4, "bilinear", "torch");
  at::Tensor padded = at::zeros_like(x);
  padded.narrow(0, 0, 2).copy_(x.narrow(0, 2, 2));
  const auto full = network.forward(x), tail = network.forward(padded);
  EXPECT_TRUE(at::equal(full.features.narrow(0, 2, 2), tail.features.narrow(0, 0, 2)));
  EXPECT_TRUE(at::equal(full.logits.narrow(0, 2, 2), tail.logits.narrow(0, 0, 2)));
}

TEST(Vgg16Parity, Fc2IsThatOfTorchvision) {
  HashedSource source(kReluGain);
  nn::Vgg16 network(source);
  EncoderOptions options;
  options.normalise = "imagenet";
  options.input = 224;
  const at::Tensor x = preprocess_images(make_images(1, 224, 224), options), wanted = expected("vgg16_fc2");
  EXPECT_LT(relative_distance(network.forward(x, false), wanted), kTolerance);
  EXPECT_LT(relative_distance(network.forward(x, true), wanted.relu()), kTolerance);
}

TEST(ResizeParity, EveryResizeIsItsPeers) {
  constexpr std::int64_t kStride = 37;
  const std::vector<std::pair<std::int64_t, std::int64_t>> extents = {{32, 32}, {37, 100}, {1, 1}, {512, 400}};
  for (const auto& [height, width] : extents)
    for (const auto how : {Resize::bilinear, Resize::bilinear_tf1, Resize::bicubic_pil}) {
      if (how == Resize::bilinear_tf1 && height == 1) continue;  // the peer divides by zero
      const at::Tensor all = resize_images(make_images(1, height, width).to(at::kFloat), 299, 299, how);
      const at::Tensor found = all.slice(2, 0, 299, kStride).slice(3, 0, 299, kStride);
      const at::Tensor wanted = expected(fmt::format("{}_{}x{}", resize_name(how), height, width));
      const double tolerance = how == Resize::bicubic_pil ? 5e-3 : 1e-4;  // grey levels
      EXPECT_LT((found - wanted).abs().max().item<double>(), tolerance) << resize_name(how) << " " << height << "x" << width;
    }
}

TEST(ResizeParity, NeitherThreadsNorBatchChangeABit) {
  const at::Tensor x = make_images(2, 37, 100).to(at::kFloat);
  const int before = at::get_num_threads();
  for (const auto how : {Resize::bilinear, Resize::bilinear_tf1, Resize::bicubic_pil}) {
    at::set_num_threads(1);
    const at::Tensor one = resize_images(x, 299, 299, how), alone = resize_images(x.narrow(0, 1, 1), 299, 299, how);
    at::set_num_threads(2);
    const at::Tensor two = resize_images(x, 299, 299, how);
    EXPECT_TRUE(at::equal(one, two)) << resize_name(how);
    EXPECT_TRUE(at::equal(one.narrow(0, 1, 1), alone)) << resize_name(how);
  }
  at::set_num_threads(before);
}

}  // namespace
}  // namespace alea
