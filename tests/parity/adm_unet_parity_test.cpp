#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "formats/safetensors.h"
#include "models/nn/adm_classifier.h"
#include "models/nn/adm_unet.h"
#include "tests/parity/parity_fixture.h"

namespace alea {
namespace {

using test::tensor_of;

const double kGain = std::sqrt(3.0);  // of scripts/fixtures/adm_unet.py
const Mode kPlain = PlainMode{};
const Ids kNoIds;

nn::AdmUnetOptions a1() {
  return {.out_channels = 6,
          .model_channels = 32,
          .channel_mult = {1, 2},
          .num_res_blocks = 1,
          .attention_resolutions = {2},
          .num_head_channels = 16,
          .new_attention_order = true,
          .num_classes = 10};
}

nn::AdmUnetOptions a2() {
  auto options = a1();
  options.num_head_channels = 0;
  options.num_heads = 4;
  options.new_attention_order = false;
  return options;
}

nn::AdmUnetOptions a3() {
  auto options = a2();
  options.num_heads_upsample = 2;
  return options;
}

nn::AdmUnetOptions a4() {
  return {.out_channels = 3,
          .model_channels = 32,
          .channel_mult = {1, 2},
          .num_res_blocks = 1,
          .attention_resolutions = {1, 2},
          .num_heads = 1,
          .scale_shift_norm = false,
          .resblock_updown = false};
}

nn::AdmUnetOptions a5() {
  auto options = a4();
  options.conv_resample = false;
  return options;
}

nn::AdmUnetOptions a6() {
  auto options = a1();
  options.channel_mult = {1, 1, 2};
  options.num_res_blocks = 2;
  options.attention_resolutions = {4};
  return options;
}

nn::AdmUnetOptions adm64() { return {.num_head_channels = 64, .new_attention_order = true, .num_classes = 1000}; }

nn::AdmUnetOptions adm128() {
  return {.model_channels = 256,
          .channel_mult = {1, 1, 2, 3, 4},
          .num_res_blocks = 2,
          .attention_resolutions = {4, 8, 16},
          .num_heads = 4,
          .num_classes = 1000};
}

nn::AdmClassifierOptions small_classifier() {
  return {.image_size = 16,
          .n_classes = 10,
          .model_channels = 32,
          .channel_mult = {1, 2},
          .num_res_blocks = 1,
          .attention_resolutions = {2},
          .num_head_channels = 16};
}

const SafetensorsFile& fixture() {
  static const SafetensorsFile file(ALEA_SOURCE_DIR "/tests/fixtures/adm_unet.safetensors");
  return file;
}

/// The truth is the peer in float64; allowed is twice its own error in float32, or 2.5e-5 of the root mean square.
void expect_parity(const at::Tensor& found, const std::string& name) {
  const auto exact = tensor_of(fixture(), name).to(at::kDouble);
  ASSERT_EQ(found.sizes(), exact.sizes());
  const double error = (found.to(at::kDouble) - exact).abs().max().item<double>();
  const double peer = tensor_of(fixture(), name + ".peer_error").item<double>();
  const double rms = exact.pow(2).mean().sqrt().item<double>();
  EXPECT_LE(error, std::max(2 * peer, 2.5e-5 * rms)) << "the peer's own float32 error is " << peer << ", rms " << rms;
}

/// Hashed weights that autograd follows.
class LeafSource : public ParameterSource {
 public:
  at::Tensor take(const std::string& name, at::IntArrayRef shape, ParameterRole role) override {
    return hashed_.take(name, shape, role).requires_grad_(true);
  }

 private:
  HashedSource hashed_{kGain};
};

struct Case {
  const char* name;
  nn::AdmUnetOptions options;
  std::int64_t n_parameters;
  at::Tensor labels() const { return options.num_classes > 0 ? tensor_of(fixture(), "labels") : at::Tensor(); }
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class AdmUnetParity : public testing::TestWithParam<Case> {
 protected:
  at::Tensor forward(ParameterSource& source) const {
    const nn::AdmUnet unet(source, GetParam().options);
    return unet.forward(tensor_of(fixture(), "x"), tensor_of(fixture(), "t"), GetParam().labels(),
                        nn::DropoutSites(kPlain, kNoIds));
  }
};

TEST_P(AdmUnetParity, AgreesWithThePeerInFloat64WhenSampling) {
  const c10::InferenceMode inference;
  HashedSource source(kGain);
  expect_parity(forward(source), GetParam().name);
}

TEST_P(AdmUnetParity, AgreesWithThePeerInFloat64WhenTraining) {
  LeafSource source;
  expect_parity(forward(source), GetParam().name);
}

TEST_P(AdmUnetParity, RunsOnTheMetaDeviceWithTheRightShape) {
  MetaSource source;
  const nn::AdmUnet unet(source, GetParam().options);
  EXPECT_EQ(count_parameters(source.made()), GetParam().n_parameters);
  const auto meta = at::TensorOptions().device(at::kMeta).dtype(at::kFloat);
  const Ids ids{7, 8};
  const Mode mode = DropoutMode{.p = 0.5};
  const auto labels = GetParam().options.num_classes > 0 ? at::empty({2}, meta.dtype(at::kLong)) : at::Tensor();
  const auto output = unet.forward(at::empty({2, 3, 16, 8}, meta), at::empty({2}, meta), labels, nn::DropoutSites(mode, ids));
  EXPECT_TRUE(output.is_meta());
  EXPECT_EQ(output.sizes(), (std::vector<std::int64_t>{2, GetParam().options.out_channels, 16, 8}));
}

INSTANTIATE_TEST_SUITE_P(Configs, AdmUnetParity,
                         testing::Values(Case{"a1", a1(), 829638}, Case{"a2", a2(), 829638}, Case{"a3", a3(), 829638},
                                         Case{"a4", a4(), 715363}, Case{"a5", a5(), 669187}, Case{"a6", a6(), 1377030}),
                         [](const auto& info) { return info.param.name; });

TEST(AdmUnet, DropsAtThePeersSitesAndNowhereElse) {
  const c10::InferenceMode inference;
  HashedSource source(kGain);
  const nn::AdmUnet unet(source, a1());
  const auto first = [](const char* name) { return tensor_of(fixture(), name).narrow(0, 0, 1); };
  const Mode everything = DropoutMode{.p = 1 - 1e-6};  // a probability of 16 bits: all of it
  const Ids ids{4};
  expect_parity(unet.forward(first("x"), first("t"), first("labels"), nn::DropoutSites(everything, ids)), "a1.all_dropped");
}

void expect_full_size_parity(const std::string& name, const nn::AdmUnetOptions& options, std::int64_t side) {
  const c10::InferenceMode inference;
  const SafetensorsFile file(ALEA_SOURCE_DIR "/tests/fixtures/" + name + "_full_size.safetensors");
  HashedSource source(kGain);
  const nn::AdmUnet unet(source, options);
  const auto output = unet.forward(test::hashed_input(name, {1, 3, side, side}), at::full({1}, 37.0f),
                                   at::full({1}, 3, at::kLong), nn::DropoutSites(kPlain, kNoIds));
  const double rms = tensor_of(file, "rms").item<double>(), peer = tensor_of(file, "peer_error").item<double>();
  EXPECT_NEAR(output.pow(2).mean().sqrt().item<double>(), rms, 1e-5 * rms);
  const auto some = output.flatten().slice(0, 0, std::nullopt, 383);
  const double error = (some - tensor_of(file, "output")).abs().max().item<double>();
  EXPECT_LE(error, std::max(2 * peer, 2.5e-5 * rms)) << "the peer's memory layouts are " << peer << " apart";
  std::printf("%s: error %.2e, rms %.4f, the peer's memory layouts %.2e apart\n", name.c_str(), error, rms, peer);
}

TEST(AdmUnet, FullSizeNetworkAgreesWithThePeer) {
  if (!test::is_full_size_wanted()) GTEST_SKIP() << "slow: a network of 296 million parameters; set ALEA_FULL_SIZE=1 to run it";
  expect_full_size_parity("adm64", adm64(), 64);
}

TEST(AdmUnet, FullSizeNetworkOf128PixelsAgreesWithThePeer) {
  if (!test::is_full_size_wanted()) GTEST_SKIP() << "slow: a network of 422 million parameters; set ALEA_FULL_SIZE=1 to run it";
  expect_full_size_parity("adm128", adm128(), 128);
}

TEST(AdmUnet, RowsDoNotInfluenceEachOther) {
  const c10::InferenceMode inference;
  HashedSource source(kGain);
  const nn::AdmUnet unet(source, a2());
  const auto x = tensor_of(fixture(), "x").repeat({3, 1, 1, 1}).narrow(0, 0, 5) * at::arange(1, 6).view({5, 1, 1, 1}) / 2;
  const auto t = at::arange(5, at::kFloat) * 200, labels = at::arange(5, at::kLong) * 2;
  const Ids ids{3, 5, 7, 9, 11};
  for (const Mode& mode : {kPlain, Mode{DropoutMode{.p = 0.3}}}) {
    const auto rows = [&](std::int64_t start, std::int64_t n) {
      const Ids chosen(ids.begin() + start, ids.begin() + start + n);
      return unet.forward(x.narrow(0, start, n), t.narrow(0, start, n), labels.narrow(0, start, n),
                          nn::DropoutSites(mode, chosen));
    };
    const auto whole = rows(0, 5);
    EXPECT_TRUE(at::equal(rows(0, 3), whole.narrow(0, 0, 3)));
    EXPECT_TRUE(at::equal(rows(3, 2), whole.narrow(0, 3, 2)));
    const auto backwards =
        unet.forward(x.flip(0), t.flip(0), labels.flip(0), nn::DropoutSites(mode, Ids(ids.rbegin(), ids.rend())));
    EXPECT_TRUE(at::equal(backwards.flip(0), whole));
  }
}

TEST(AdmClassifier, LogitsAndGuidanceAgreeWithThePeerInFloat64) {
  HashedSource source(kGain);
  const nn::AdmClassifier classifier(source, small_classifier());
  const auto t = tensor_of(fixture(), "t"), labels = tensor_of(fixture(), "labels");
  const auto x = tensor_of(fixture(), "x").requires_grad_(true);
  const auto logits = classifier.forward(x, t);
  expect_parity(logits, "classifier.logits");
  at::log_softmax(logits, 1).gather(1, labels.unsqueeze(1)).sum().backward();
  expect_parity(x.grad(), "classifier.gradient");
  const c10::InferenceMode inference;
  expect_parity(classifier.forward(tensor_of(fixture(), "x"), t), "classifier.logits");
}

std::vector<std::string> published_keys(const std::string& name) { return test::sorted_lines(test::fixture(name + "_keys.txt")); }

void expect_published(const std::string& name, const nn::AdmUnetOptions& options, std::size_t n_keys, std::int64_t n_parameters,
                      std::size_t n_sites) {
  MetaSource source;
  const nn::AdmUnet unet(source, options);
  EXPECT_EQ(test::key_lines(source.made()), published_keys(name));
  EXPECT_EQ(source.made().size(), n_keys);
  EXPECT_EQ(count_parameters(source.made()), n_parameters);
  EXPECT_EQ(unet.dropout_sites().size(), n_sites);
}

TEST(AdmKeys, AreThoseOfThePublishedNetworks) {
  expect_published("adm64", adm64(), 541, 295904454, 36);
  expect_published("adm128", adm128(), 493, 421529606, 35);
}

TEST(AdmKeys, AreThoseOfThePublishedClassifiers) {
  MetaSource at_64, at_128;
  nn::AdmClassifier(at_64, {.num_res_blocks = 4});
  nn::AdmClassifier(at_128, {.image_size = 128, .channel_mult = {1, 1, 2, 3, 4}, .attention_resolutions = {4, 8, 16}});
  EXPECT_EQ(test::key_lines(at_64.made()), published_keys("adm64_classifier"));
  EXPECT_EQ(test::key_lines(at_128.made()), published_keys("adm128_classifier"));
}

TEST(AdmKeys, DropoutSitesAreNamedInOrderOfEvaluation) {
  MetaSource source;
  const nn::AdmUnet unet(source, a1());
  const std::vector<std::string> expected{"input_blocks.1.0",  "input_blocks.2.0",  "input_blocks.3.0",  "middle_block.0",
                                          "middle_block.2",    "output_blocks.0.0", "output_blocks.1.0", "output_blocks.1.2",
                                          "output_blocks.2.0", "output_blocks.3.0"};
  std::vector<std::string> found = unet.dropout_sites();
  for (auto& name : found) name.resize(name.size() - std::string(".out_layers.2").size());
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace alea
