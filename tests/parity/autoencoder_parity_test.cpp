#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <numbers>

#include "models/nn/autoencoder_kl.h"
#include "tests/parity/parity_fixture.h"
#include "tests/support/plugins.h"

namespace alea {
namespace {

using test::fixture, test::tensor_of;

nn::AutoencoderOptions small() { return {.ch = 32, .ch_mult = {1, 2}, .num_res_blocks = 1}; }

nn::AutoencoderKl hashed(const nn::AutoencoderOptions& options) {
  HashedSource source;
  return nn::AutoencoderKl(source, options);
}

class AutoencoderParity : public testing::Test {
 protected:
  const c10::InferenceMode inference_;
  const SafetensorsFile file_{fixture("autoencoder_kl.safetensors")};
  const nn::AutoencoderKl autoencoder_ = hashed(small());
  const at::Tensor scaled_ = nn::scale_latents(tensor_of(file_, "z"), small());
};

TEST_F(AutoencoderParity, MomentsAgreeWithThePeerInFloat64) {
  const auto moments = autoencoder_.encode(tensor_of(file_, "x"));
  test::expect_parity(at::cat({moments.mean, moments.log_variance}, 1), file_, "moments", "moments_error");
}

TEST_F(AutoencoderParity, ImagesAgreeWithThePeerInFloat64) {
  test::expect_parity(autoencoder_.decode(scaled_), file_, "decoded", "decoded_error");
}

/// Calls of two rows and more: of one small row alone torch makes other convolutions.
TEST_F(AutoencoderParity, RowsDoNotInfluenceEachOther) {
  const auto x = tensor_of(file_, "x"), images = at::cat({x, x.flip(0)}), latents = at::cat({scaled_, scaled_.flip(0)});
  const auto decoded = autoencoder_.decode(latents), means = autoencoder_.encode(images).mean;
  EXPECT_TRUE(at::equal(autoencoder_.decode(scaled_), decoded.narrow(0, 0, 2)));
  EXPECT_TRUE(at::equal(autoencoder_.encode(x).mean, means.narrow(0, 0, 2)));
  EXPECT_TRUE(at::equal(decoded.flip(0), decoded));
  EXPECT_TRUE(at::equal(means.flip(0), means));
}

TEST_F(AutoencoderParity, OneTileThatHoldsAllHasTheBitsOfNoTiles) {
  EXPECT_TRUE(at::equal(autoencoder_.decode_tiled(scaled_, {.tile = 8, .overlap = 2}), autoencoder_.decode(scaled_)));
}

/// Latents of period 8: norms and attention of a tile see nearly what those of the whole see, but for its rim.
TEST_F(AutoencoderParity, TilesOfSmoothLatentsAreCloseToNoTiles) {
  const auto wave = [](std::int64_t n, int phase) {
    return at::sin((at::arange(n, at::kFloat) + phase) * (2 * std::numbers::pi / 8));
  };
  std::vector<at::Tensor> channels;
  for (int c = 1; c <= 4; ++c) channels.push_back(wave(32, c).unsqueeze(1) + wave(48, 5 - c).unsqueeze(0));
  const auto latents = nn::scale_latents(at::stack(channels).unsqueeze(0), small());
  const auto whole = autoencoder_.decode(latents);
  const auto error = [&](const nn::Tiling& tiling) {
    const auto tiled = autoencoder_.decode_tiled(latents, tiling);
    EXPECT_EQ(tiled.sizes(), whole.sizes());
    return test::rms(tiled - whole) / test::rms(whole);
  };
  const double large = error({.tile = 32, .overlap = 16}), medium = error({.tile = 24, .overlap = 8});
  EXPECT_LT(large, 0.1);
  EXPECT_LT(large, medium);
  EXPECT_LT(medium, error({.tile = 16, .overlap = 8}));
}

TEST(AutoencoderFullSize, A256PixelImageAgreesWithThePeer) {
  if (!test::is_full_size_wanted()) GTEST_SKIP() << "622 GFLOP: set ALEA_FULL_SIZE=1";
  const c10::InferenceMode inference;
  const SafetensorsFile file(fixture("autoencoder_kl_full.safetensors"));
  const auto latents = nn::scale_latents(test::hashed_input("full", {1, 4, 32, 32}), {});
  test::expect_chosen_values(hashed({}).decode(latents), file);
}

/// As a checkpoint translates them.
WeightMap ldm_names(const WeightMap& weights) {
  WeightMap out;
  for (const auto& [name, tensor] : weights) {
    const std::string known = nn::ldm_name(name, 4);
    EXPECT_TRUE(out.emplace(known, at::empty(nn::ldm_shape(known, tensor.sizes().vec()), at::kMeta)).second) << name;
  }
  return out;
}

TEST(AutoencoderKeys, AreThoseOfThePublishedNetworkUnderItsNamesAndDiffusersNewAndLegacyOnes) {
  MetaSource source;
  const nn::AutoencoderKl autoencoder(source, {});
  EXPECT_EQ(autoencoder.factor(), 8);
  EXPECT_EQ(count_parameters(source.made()), 83653863);
  std::vector<std::string> published;
  WeightMap diffusers, legacy;
  for (const auto& line : test::sorted_lines(fixture("autoencoder_kl_keys.txt"))) {
    const auto end = line.rfind(' ');
    published.push_back(line.substr(0, end));
    auto shape = source.made().at(line.substr(0, line.find(' '))).sizes().vec();
    std::string name = line.substr(end + 1);
    const bool is_attention_matrix = name.find("attentions") != name.npos && shape.size() == 4;
    if (is_attention_matrix) shape.resize(2);
    diffusers[name] = at::empty(shape, at::kMeta);
    for (const auto& [now, before] : std::initializer_list<std::pair<std::string, std::string>>{
             {".to_q.", ".query."}, {".to_k.", ".key."}, {".to_v.", ".value."}, {".to_out.0.", ".proj_attn."}})
      if (const auto place = name.find(now); place != name.npos) name.replace(place, now.size(), before);
    legacy[name] = at::empty(shape, at::kMeta);
  }
  EXPECT_EQ(published.size(), 248u);
  EXPECT_EQ(test::key_lines(source.made()), published);
  EXPECT_NE(test::key_lines(diffusers), test::key_lines(legacy));
  EXPECT_EQ(test::key_lines(ldm_names(diffusers)), published);
  EXPECT_EQ(test::key_lines(ldm_names(legacy)), published);
  EXPECT_EQ(test::key_lines(ldm_names(source.made())), published);
}

TEST(AutoencoderKeys, WithoutTheConvolutionsOnBothSidesOfTheLatentsFourAreMissing) {
  MetaSource source;
  const nn::AutoencoderKl autoencoder(source, {.z_channels = 16, .quant_convs = false});
  EXPECT_EQ(source.made().size(), 244u);
  EXPECT_EQ(count_parameters(source.made()), 83819683);
  const auto meta = at::TensorOptions().device(at::kMeta).dtype(at::kFloat);
  EXPECT_EQ(autoencoder.decode(at::empty({1, 16, 4, 6}, meta)).sizes(), at::IntArrayRef({1, 3, 32, 48}));
  EXPECT_EQ(autoencoder.encode(at::empty({1, 3, 32, 48}, meta)).mean.sizes(), at::IntArrayRef({1, 16, 4, 6}));
}

TEST(AutoencoderLatents, AreSampledAndScaledByTheirFormulas) {
  const auto parameters = at::tensor({2.0f, -1.0f, 0.0f, 100.0f}).view({1, 4, 1, 1});
  const auto moments = nn::latent_moments(parameters);
  EXPECT_EQ(moments.log_variance[0][0].item<float>(), 0);
  EXPECT_EQ(moments.log_variance[0][1].item<float>(), 20);
  EXPECT_EQ(nn::latent_moments(-parameters).log_variance[0][1].item<float>(), -30);
  const auto sample = nn::sample_latents(moments, at::full({1, 2, 1, 1}, 0.5f));
  EXPECT_FLOAT_EQ(sample[0][0].item<float>(), 2.5f);
  EXPECT_FLOAT_EQ(sample[0][1].item<float>(), -1 + 0.5f * std::exp(10.0f));
  const nn::AutoencoderOptions sd3{.scaling_factor = 1.5305, .shift_factor = 0.0609};
  const auto scaled = nn::scale_latents(sample, sd3);
  EXPECT_FLOAT_EQ(scaled[0][0].item<float>(), (2.5f - 0.0609f) * 1.5305f);
  EXPECT_FLOAT_EQ(nn::unscale_latents(scaled, sd3)[0][0].item<float>(), 2.5f);
}

TEST(AutoencoderShapes, WrongInputsAndOptionsAreRefused) {
  const auto autoencoder = hashed(small());
  const auto code = [](auto&& call) { return test::code_of(call); };
  EXPECT_EQ(code([&] { autoencoder.encode(at::zeros({1, 3, 8, 7})); }), ErrorCode::shape);
  EXPECT_EQ(code([&] { autoencoder.encode(at::zeros({1, 1, 8, 8})); }), ErrorCode::shape);
  EXPECT_EQ(code([&] { autoencoder.decode(at::zeros({4, 8, 8})); }), ErrorCode::shape);
  EXPECT_EQ(code([&] { autoencoder.decode_tiled(at::zeros({1, 3, 8, 8}), {}); }), ErrorCode::shape);
  MetaSource source;
  EXPECT_EQ(code([&] { nn::AutoencoderKl(source, {.ch = 48}); }), ErrorCode::config);
  EXPECT_EQ(code([&] { nn::AutoencoderKl(source, {.ch_mult = {}}); }), ErrorCode::config);
}

}  // namespace
}  // namespace alea
