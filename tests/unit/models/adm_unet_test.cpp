#include "models/nn/adm_unet.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/files.h"
#include "models/models.h"
#include "models/nn/adm_classifier.h"
#include "models/weights.h"
#include "tests/support/plugins.h"

namespace alea {
namespace {

using test::code_of;

Json architecture() {
  return {{"in_channels", 3},       {"out_channels", 6},           {"model_channels", 32},
          {"channel_mult", {1, 2}}, {"num_res_blocks", 1},         {"attention_resolutions", {2}},
          {"num_head_channels", 8}, {"new_attention_order", true}, {"num_classes", 10}};
}

nn::AdmUnetOptions read(const Json& architecture) {
  ConfigErrors errors;
  auto options = read_options<nn::AdmUnetOptions>(architecture, "", errors);
  errors.throw_if_any("test");
  return options;
}

class AdmUnetModel : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  std::unique_ptr<Denoiser> model(const Json& architecture, const std::vector<int>& shape, double variance_bias = 0) {
    InitialSource weights(3);
    const nn::AdmUnet built(weights, read(architecture));
    if (variance_bias != 0) weights.made().at("out.2.bias").narrow(0, 3, 3).add_(variance_bias);
    save_weights(folder_ / "weights.safetensors", weights.made(), StoredAs::f32);
    const Json manifest{{"architecture", architecture},
                        {"schedule", {{"kind", "linear"}}},
                        {"shape", shape},
                        {"weights", "weights.safetensors"},
                        {"sha256", sha256_file(folder_ / "weights.safetensors")},
                        {"train_dropout", 0.1}};
    std::ofstream(folder_ / "manifest.json") << manifest.dump();
    return test::make(model_registry(), {{"kind", "adm_unet"}, {"manifest", (folder_ / "manifest.json").string()}});
  }

  at::Tensor output(const Batch& batch) {
    InitialSource weights(3);
    const nn::AdmUnet unet(weights, read(architecture()));
    return unet.forward(batch.x, batch.t, batch.labels, nn::DropoutSites(batch.mode, batch.ids));
  }

  fs::path folder_ = fs::path(testing::TempDir()) / ("alea_adm_" + std::to_string(::getpid()));
  Batch batch_{.x = at::linspace(-1, 1, 2 * 3 * 64).view({2, 3, 8, 8}),
               .t = at::full({2}, 500.0f),
               .labels = at::tensor(std::vector<std::int64_t>{3, 9}),
               .ids = {1, 2}};
};

TEST_F(AdmUnetModel, HalfOfTheChannelsAreNoiseAndHalfSayWhereTheVarianceLies) {
  const c10::InferenceMode inference;
  const auto denoiser = model(architecture(), {3, 8, 8});
  const auto found = denoiser->predict(batch_);
  const auto whole = output(batch_);
  EXPECT_TRUE(at::equal(found.eps, whole.narrow(1, 0, 3)));
  EXPECT_TRUE(at::equal(found.variance_fraction, (whole.narrow(1, 3, 3) + 1) / 2));
  EXPECT_EQ(denoiser->spec().n_classes, 10);
  EXPECT_EQ(denoiser->spec().train_dropout, 0.1);
  EXPECT_EQ(denoiser->spec().dropout_sites.size(), 10u);
}

TEST_F(AdmUnetModel, TheFractionOfTheVarianceIsNotClamped) {
  const c10::InferenceMode inference;
  const at::Tensor plain = model(architecture(), {3, 8, 8})->predict(batch_).variance_fraction;
  const at::Tensor raised = model(architecture(), {3, 8, 8}, 5)->predict(batch_).variance_fraction;
  EXPECT_TRUE(at::allclose(raised, plain + 2.5));
  EXPECT_GT(raised.max().item<float>(), 1);
}

TEST_F(AdmUnetModel, WithoutALearnedVarianceThereIsNoFraction) {
  const c10::InferenceMode inference;
  Json plain = architecture();
  plain["out_channels"] = 3;
  plain["num_classes"] = 0;
  batch_.labels = at::Tensor();
  const auto found = model(plain, {3, 8, 8})->predict(batch_);
  EXPECT_EQ(found.eps.sizes(), batch_.x.sizes());
  EXPECT_FALSE(found.variance_fraction.defined());
}

TEST_F(AdmUnetModel, RefusesRowsThatDontFit) {
  const c10::InferenceMode inference;
  const auto denoiser = model(architecture(), {3, 8, 8});
  const auto code = [&](auto change) {
    Batch other = batch_;
    change(other);
    return code_of([&] { denoiser->predict(other); });
  };
  EXPECT_EQ(code([](Batch& b) { b.labels = at::Tensor(); }), ErrorCode::shape);
  EXPECT_EQ(code([](Batch& b) { b.labels = b.labels.to(at::kFloat); }), ErrorCode::shape);
  EXPECT_EQ(code([](Batch& b) { b.labels = b.labels.narrow(0, 0, 1); }), ErrorCode::shape);
  EXPECT_EQ(code([](Batch& b) { b.labels = b.labels + 1; }), ErrorCode::domain);
  EXPECT_EQ(code([](Batch& b) { b.labels = b.labels - 4; }), ErrorCode::domain);
  EXPECT_EQ(code([](Batch& b) { b.t = b.t.narrow(0, 0, 1); }), ErrorCode::shape);
  EXPECT_EQ(code([](Batch& b) { b.x = b.x.repeat({1, 1, 2, 1}); }), ErrorCode::shape);
  EXPECT_EQ(code([](Batch& b) { b.x = b.x.narrow(1, 0, 2); }), ErrorCode::shape);
}

TEST_F(AdmUnetModel, ItsManifestsShapeMustSuitTheNetwork) {
  EXPECT_EQ(code_of([&] { model(architecture(), {3, 8, 7}); }), ErrorCode::config);
  EXPECT_EQ(code_of([&] { model(architecture(), {4, 8, 8}); }), ErrorCode::config);
}

TEST(AdmOptions, WhatNoNetworkCanBeBuiltOfIsRefused) {
  const auto code = [](const std::string& key, const Json& value) {
    Json changed = architecture();
    changed[key] = value;
    MetaSource source;
    return code_of([&] { nn::AdmUnet(source, read(changed)); });
  };
  EXPECT_EQ(code("num_heads", 4), ErrorCode::config) << "num_head_channels is given too";
  EXPECT_EQ(code("num_head_channels", 0), ErrorCode::config) << "neither is";
  EXPECT_EQ(code("num_head_channels", 24), ErrorCode::config);
  EXPECT_EQ(code("num_heads_upsample", 2), ErrorCode::config);
  EXPECT_EQ(code("attention_resolutions", {3}), ErrorCode::config);
  EXPECT_EQ(code("attention_resolutions", {4}), ErrorCode::config);
  EXPECT_EQ(code("out_channels", 4), ErrorCode::config);
  EXPECT_EQ(code("channel_mult", Json::array()), ErrorCode::config);
  EXPECT_EQ(code("channel_mult", {1, 1.7}), ErrorCode::config);
  EXPECT_EQ(code("model_channels", 40), ErrorCode::config);
}

TEST(AdmOptions, HalfAWidthIsOneAsInTheNetworkOf512Pixels) {
  Json half = architecture();
  half["model_channels"] = 64;
  half["channel_mult"] = {0.5, 1};
  MetaSource source;
  const nn::AdmUnet unet(source, read(half));
  EXPECT_EQ(source.made().at("input_blocks.0.0.weight").size(0), 32);
  EXPECT_EQ(source.made().at("time_embed.0.weight").size(1), 64);
}

TEST(AdmClassifierOptions, ImagesMustDivideIntoLevels) {
  MetaSource source;
  EXPECT_EQ(code_of([&] { nn::AdmClassifier(source, {.image_size = 36}); }), ErrorCode::config);
}

}  // namespace
}  // namespace alea
