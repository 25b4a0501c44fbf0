#include "train/laplace_fit.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <set>

#include "core/files.h"
#include "formats/png.h"
#include "models/models.h"
#include "models/nn/unet.h"
#include "tests/support/plugins.h"
#include "tests/support/process.h"
#include "train/laplace_curvature.h"
#include "train/laplace_data.h"
#include "uncertainty/laplace.h"

namespace alea {
namespace {

using test::code_of;

/// Twelve grey 8 x 8 pictures in two folders and a network of their shape, folded 2 x 2.
class LaplaceFitTest : public ::testing::Test {
 protected:
  LaplaceFitTest() {
    for (int i = 0; i < 12; ++i) {
      const fs::path folder = folder_ / "images" / (i % 3 == 0 ? "b" : "a");
      fs::create_directories(folder);
      Picture picture{8, 8, 1, std::vector<std::uint8_t>(64)};
      for (int p = 0; p < 64; ++p) picture.pixels[p] = static_cast<std::uint8_t>((i * 37 + p * 11) % 256);
      write_png(folder / fmt::format("{:02}.png", i), picture);
    }
    InitialSource initial(3);
    const nn::Unet made(initial, options_);
    save_weights(folder_ / "net.safetensors", initial.made(), StoredAs::f32);
    const Json manifest{{"architecture", to_json(options_)},
                        {"schedule", {{"kind", "linear"}}},
                        {"shape", {4, 4, 4}},
                        {"fold", 2},
                        {"weights", "net.safetensors"},
                        {"sha256", sha256_file(folder_ / "net.safetensors")}};
    atomic_write(folder_ / "net.json", manifest.dump());
  }
  Json config(const Json& changes = Json::object()) const {
    Json out{{"train", "laplace"},
             {"name", "fit"},
             {"seed", 6},
             {"model", {{"kind", "ddpm_unet"}, {"manifest", (folder_ / "net.json").string()}}},
             {"data", (folder_ / "images").string()},
             {"micro_batch", 5},
             {"checkpoint_every", 5}};
    out.merge_patch(changes);
    return out;
  }
  fs::path run(const Json& config, const std::string& out, int stop_after = -1) const {
    int polls = 0;
    train({.config = config, .source = "test", .out = folder_ / out, .stopped = [&] { return polls++ == stop_after; }});
    return folder_ / out / "fit.safetensors";
  }
  LaplaceFitOptions options(const Json& changes = Json::object()) const {
    ConfigErrors errors;
    const auto out = read_options<LaplaceFitOptions>(resolve_train_config(config(changes), "test"), "", errors);
    errors.throw_if_any("test");
    return out;
  }

  const nn::UnetOptions options_{.in_channels = 4,
                                 .out_channels = 4,
                                 .block_channels = {8, 16},
                                 .attention = {false, false},
                                 .layers_per_block = 1,
                                 .norm_groups = 4};
  testing::TemporaryFolder folder_;
};

TEST_F(LaplaceFitTest, SumsTheCurvatureOfEveryImageOnce) {
  const at::NoGradGuard no_gradients;
  const auto denoiser = make_model(config()["model"]);
  const FitData data(options(), *denoiser);
  ASSERT_EQ(data.size(), 12u);
  Curvature sum = no_curvature(*denoiser->last_layer());
  for (std::uint64_t i = 0; i < 12; ++i) {
    const FitBatch one = data.batch(i, 1);
    const Prediction said = denoiser->predict({.x = one.x_t, .t = one.t, .ids = one.ids, .want = {.last_layer_input = true}});
    add_curvature(sum, *denoiser->last_layer(), CurvatureKind::empirical_fisher, said.last_layer_input, said.eps - one.noise);
  }
  const LaplaceFit fit = load_laplace_fit(run(config(), "out"));
  EXPECT_LT((fit.weight_curvature / sum.weight - 1).abs().max().item<double>(), 1e-3);  // the network's float32
  EXPECT_LT((fit.bias_curvature / sum.bias - 1).abs().max().item<double>(), 1e-3);
  EXPECT_EQ(fit.prior_precision, 1);
  EXPECT_EQ(fit.facts.at("images"), "12");
  EXPECT_EQ(fit.facts.at("weights_sha256"), denoiser->spec().weights_sha256);
  EXPECT_EQ(fit.facts.at("data_sha256"), data.sha256());
  const Json about = read_json_file(folder_ / "out" / "fit.json");
  EXPECT_EQ(about["sha256"], fit.sha256);
  EXPECT_EQ(about["curvature"], "empirical_fisher");
}

TEST_F(LaplaceFitTest, StoppedAndResumedEqualsUndisturbedToTheByte) {
  const auto whole = run(config(), "whole");
  EXPECT_EQ(code_of([&] { run(config(), "parts", 1); }), ErrorCode::interrupted);
  EXPECT_EQ(code_of([&] { run(config(), "parts", 1); }), ErrorCode::interrupted);
  EXPECT_EQ(sha256_file(run(config(), "parts")), sha256_file(whole));
}

TEST_F(LaplaceFitTest, AFinishedFitIsKeptAndNeverMixedWithAnother) {
  const auto file = run(config(), "out");
  const auto written = fs::last_write_time(file);
  run(config(), "out");
  EXPECT_EQ(fs::last_write_time(file), written);
  EXPECT_EQ(code_of([&] { run(config({{"curvature", "ggn"}}), "out"); }), ErrorCode::not_comparable);
  EXPECT_EQ(code_of([&] { run(config(), "parts", 1); }), ErrorCode::interrupted);
  write_png(folder_ / "images" / "a" / "99.png", {8, 8, 1, std::vector<std::uint8_t>(64, 9)});
  EXPECT_EQ(code_of([&] { run(config(), "out"); }), ErrorCode::not_comparable) << "other images";
  EXPECT_EQ(code_of([&] { run(config(), "parts"); }), ErrorCode::not_comparable) << "other images";
}

TEST_F(LaplaceFitTest, TheEvidenceCanChooseThePrior) {
  const auto denoiser = make_model(config()["model"]);
  const LaplaceFit fit = load_laplace_fit(run(config({{"prior", "evidence"}, {"curvature", "ggn"}}), "out"));
  const double expected = evidence_precision(*denoiser->last_layer(), fit.weight_curvature, fit.bias_curvature);
  EXPECT_NEAR(fit.prior_precision / expected, 1, 1e-5);
}

TEST_F(LaplaceFitTest, DrawsAreOfTheForwardProcessByPlaceAlone) {
  const auto denoiser = make_model(config()["model"]);
  const FitData data(options(), *denoiser);
  const FitBatch all = data.batch(0, 12), part = data.batch(7, 3), again = data.batch(10, 4);
  EXPECT_TRUE(at::equal(part.x_t, all.x_t.narrow(0, 7, 3)));
  EXPECT_TRUE(at::equal(part.noise, all.noise.narrow(0, 7, 3)));
  EXPECT_TRUE(at::equal(again.x_t.narrow(0, 2, 2), all.x_t.narrow(0, 0, 2))) << "places begin again past the end";
  std::set<float> firsts;
  for (int row = 0; row < 12; ++row) {
    const double t = all.t[row].item<double>();
    const NoiseLevel level = denoiser->schedule().level({t});
    EXPECT_EQ(t, std::floor(t));
    const at::Tensor x0 = (all.x_t[row] - all.noise[row] * level.sigma) / level.alpha;
    const at::Tensor grey = (x0 + 1) * 127.5;
    if (level.alpha < 0.1) continue;
    EXPECT_LT((grey - grey.round()).abs().max().item<double>(), 1e-2) << "images of 8 bits in [-1, 1]";
    firsts.insert(grey.round()[0][0][0].item<float>());
  }
  EXPECT_GT(firsts.size(), 5u) << "many images";
}

TEST_F(LaplaceFitTest, ClassesAreRanksOfFolders) {
  const auto source = open_image_source((folder_ / "images").string());
  const auto labels = labels_by_folder(*source);
  for (std::uint64_t i = 0; i < 12; ++i) EXPECT_EQ(labels[i], source->name(i).starts_with("b") ? 1 : 0) << source->name(i);
}

TEST_F(LaplaceFitTest, RefusesBeforeAnythingIsLoaded) {
  const auto code_with = [&](const Json& changes) { return code_of([&] { resolve_train_config(config(changes), "test"); }); };
  EXPECT_EQ(code_with({{"model", {{"kind", "classifier_free"}, {"model", config()["model"]}}}}), ErrorCode::config);
  EXPECT_EQ(code_with({{"curvature", "hessian"}}), ErrorCode::config);
  EXPECT_EQ(code_with({{"train", "laplas"}}), ErrorCode::config);
}

TEST_F(LaplaceFitTest, RefusesAModelWithoutALastLayerBeforeItsWeightsAreLookedFor) {
  const Json packaged{
      {"module", "nowhere.pt"}, {"sha256", std::string(64, '0')}, {"shape", {4, 4, 4}}, {"schedule", {{"kind", "linear"}}}};
  atomic_write(folder_ / "packaged.json", packaged.dump());
  const std::string manifest = (folder_ / "packaged.json").string();
  EXPECT_EQ(code_of([&] { run(config({{"model", {{"kind", "exported"}, {"manifest", manifest}}}}), "out"); }), ErrorCode::config);
}

TEST_F(LaplaceFitTest, RefusesImagesThatTheNetworkCanNotHaveSeen) {
  const auto code_with = [&](const Json& changes) { return code_of([&] { run(config(changes), "out"); }); };
  EXPECT_EQ(code_with({{"images", 13}}), ErrorCode::config);
  EXPECT_EQ(code_with({{"labels", "folders"}}), ErrorCode::config) << "a network without classes";
  write_png(folder_ / "images" / "a" / "zz.png", {8, 9, 1, std::vector<std::uint8_t>(72)});
  EXPECT_EQ(code_with(Json::object()), ErrorCode::data);
  std::vector<std::uint8_t> colours(192, 7);
  colours[0] = 8;
  write_png(folder_ / "images" / "a" / "zz.png", {8, 8, 3, colours});
  EXPECT_EQ(code_with(Json::object()), ErrorCode::data);
}

}  // namespace
}  // namespace alea
