#include "models/last_layer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "models/models.h"
#include "models/nn/adm_unet.h"
#include "models/nn/unet.h"
#include "models/nn/uvit.h"
#include "models/weights.h"
#include "tests/support/plugins.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using test::code_of;

/// Small networks as a user would bring them.
class LastLayerTest : public ::testing::Test {
 protected:
  template <class Network, class Options>
  Json saved(const std::string& kind, const Options& options, const std::vector<int>& shape, const Json& more = Json::object()) {
    InitialSource initial(3);
    const Network made(initial, options);
    const std::string name = kind + std::to_string(n_saved_++);
    save_weights(folder_ / (name + ".safetensors"), initial.made(), StoredAs::f32);
    Json manifest{{"architecture", to_json(options)},
                  {"schedule", {{"kind", "linear"}}},
                  {"shape", shape},
                  {"weights", name + ".safetensors"},
                  {"sha256", sha256_file(folder_ / (name + ".safetensors"))}};
    manifest.merge_patch(more);
    atomic_write(folder_ / (name + ".json"), manifest.dump());
    return {{"kind", kind}, {"manifest", (folder_ / (name + ".json")).string()}};
  }
  Json unet() {
    const nn::UnetOptions options{.in_channels = 2,
                                  .out_channels = 2,
                                  .block_channels = {8, 16},
                                  .attention = {false, true},
                                  .layers_per_block = 1,
                                  .norm_groups = 4};
    return saved<nn::Unet>("ddpm_unet", options, {2, 8, 8});
  }
  Json uvit(bool conv) {
    const nn::UvitOptions options{.img_size = 8, .embed_dim = 16, .depth = 2, .heads = 2, .num_classes = 4, .conv = conv};
    return saved<nn::Uvit>("uvit", options, {4, 8, 8}, {{"null_label", 3}});
  }
  Json adm() {
    const nn::AdmUnetOptions options{.in_channels = 3,
                                     .out_channels = 6,
                                     .model_channels = 32,
                                     .channel_mult = {1, 2},
                                     .num_res_blocks = 1,
                                     .attention_resolutions = {2},
                                     .num_head_channels = 16};
    return saved<nn::AdmUnet>("adm_unet", options, {3, 8, 8});
  }
  static Batch batch(const Denoiser& denoiser, bool wants = true) {
    const auto& shape = denoiser.spec().shape;
    at::Tensor x = at::empty({3, shape.channels, shape.height, shape.width}, at::kFloat);
    fill_normal({.seed = 8}, {x.mutable_data_ptr<float>(), static_cast<std::size_t>(x.numel())});
    Batch out{.x = x, .t = at::tensor(std::vector<float>{900, 300, 5}), .ids = {0, 1, 2}, .want = {.last_layer_input = wants}};
    if (denoiser.spec().n_classes > 0) out.labels = at::tensor(std::vector<std::int64_t>{2, 0, 1});
    return out;
  }
  static void expect_layer_makes_eps(const Json& config) {
    const auto model = make_model(config);
    const Prediction said = model->predict(batch(*model)), plain = model->predict(batch(*model, false));
    EXPECT_TRUE(at::equal(said.eps, plain.eps));
    EXPECT_FALSE(plain.last_layer_input.defined());
    const auto layer = model->last_layer();
    ASSERT_TRUE(layer && said.last_layer_input.defined());
    EXPECT_EQ(said.last_layer_input.scalar_type(), at::kFloat);
    const at::Tensor eps = evaluate_last_layer(*layer, said.last_layer_input);
    ASSERT_EQ(eps.sizes(), said.eps.sizes());
    EXPECT_LT((eps - said.eps).abs().max().item<double>(), 1e-5 * said.eps.abs().max().item<double>()) << config.dump();
  }

  testing::TemporaryFolder folder_;
  int n_saved_ = 0;
};

TEST_F(LastLayerTest, MakesEpsOfItsInputInEveryNetwork) {
  expect_layer_makes_eps(unet());
  expect_layer_makes_eps(adm());
  expect_layer_makes_eps(uvit(true));
  expect_layer_makes_eps(uvit(false));
  expect_layer_makes_eps({{"kind", "toy_mixture"}, {"channels", 3}});
  expect_layer_makes_eps({{"kind", "toy_gaussian"}, {"channels", 2}});
}

TEST_F(LastLayerTest, GuidedInputsMakeGuidedEps) {
  expect_layer_makes_eps({{"kind", "classifier_free"}, {"model", uvit(false)}, {"scale", 3}});
}

TEST_F(LastLayerTest, RefusesWhatIsNotLinearInIt) {
  const Json rescaled{{"kind", "classifier_free"}, {"model", uvit(false)}, {"scale", 3}, {"rescale", 0.5}};
  const auto model = make_model(rescaled);
  EXPECT_FALSE(model->last_layer());
  EXPECT_EQ(code_of([&] { model->predict(batch(*model)); }), ErrorCode::config);
  EXPECT_FALSE(make_model(rescaled, {.device = at::kMeta})->last_layer());
  EXPECT_TRUE(make_model(uvit(false), {.device = at::kMeta})->last_layer()) << "known before weights are loaded";
}

TEST_F(LastLayerTest, LaysPatchesAsTheNetworkDoes) {
  // eps(0, 0, y, x) = 4 y + x of two 2 x 2 patches: rows and columns inside a patch become channels.
  const at::Tensor eps = at::arange(8, at::kDouble).view({1, 1, 2, 4});
  const at::Tensor output = as_layer_output(eps, 2);
  EXPECT_TRUE(at::equal(output, at::tensor(std::vector<double>{0, 2, 1, 3, 4, 6, 5, 7}).view({1, 4, 1, 2})));
  const LastLayer identity{at::eye(4, at::kFloat).view({4, 4, 1, 1}), at::zeros({4}, at::kFloat), 0, 2};
  EXPECT_TRUE(at::equal(evaluate_last_layer(identity, output), eps));
}

TEST_F(LastLayerTest, RowsDoNotInfluenceEachOther) {
  const auto model = make_model(unet());
  const auto layer = *model->last_layer();
  const at::Tensor input = model->predict(batch(*model)).last_layer_input, all = evaluate_last_layer(layer, input);
  for (int row = 0; row < 3; ++row)
    EXPECT_TRUE(at::equal(evaluate_last_layer(layer, input.narrow(0, row, 1))[0], all[row])) << row;
  EXPECT_EQ(code_of([&] { evaluate_last_layer(layer, input.narrow(1, 0, 3)); }), ErrorCode::shape);
}

}  // namespace
}  // namespace alea
