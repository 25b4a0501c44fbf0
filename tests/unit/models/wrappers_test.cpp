#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "core/philox.h"
#include "models/models.h"
#include "models/nn/adm_classifier.h"
#include "models/nn/autoencoder_kl.h"
#include "tests/support/plugins.h"
#include "tests/support/process.h"

namespace alea {
namespace {

at::Tensor normals(std::uint64_t seed, at::IntArrayRef shape) {
  at::Tensor x = at::empty(shape, at::kFloat);
  fill_normal({.seed = seed}, {x.mutable_data_ptr<float>(), static_cast<std::size_t>(x.numel())});
  return x;
}

/// Small networks as a user would bring them: a manifest and weights in a folder.
class Wrappers : public ::testing::Test {
 protected:
  std::string save(const std::string& name, const WeightMap& weights, const Json& architecture) const {
    save_weights(folder_ / (name + ".safetensors"), weights, StoredAs::f32);
    const Json manifest = {{"architecture", architecture},
                           {"weights", name + ".safetensors"},
                           {"sha256", sha256_file(folder_ / (name + ".safetensors"))}};
    atomic_write(folder_ / (name + ".json"), manifest.dump());
    return (folder_ / (name + ".json")).string();
  }
  /// The exported toy of two classes on [2, 4, 4] and a null label.
  Json toy(const Json& changes = Json::object()) const {
    const fs::path module = fs::path(ALEA_SOURCE_DIR) / "tests/fixtures/exported/eps.pt";
    fs::copy_file(module, folder_ / "eps.pt", fs::copy_options::skip_existing);
    Json manifest = {{"module", "eps.pt"}, {"sha256", sha256_file(module)},
                     {"shape", {2, 4, 4}}, {"schedule", {{"kind", "linear"}}},
                     {"n_classes", 2},     {"null_label", 2}};
    manifest.merge_patch(changes);
    const fs::path path = folder_ / ("toy" + std::to_string(std::hash<std::string>()(manifest.dump())) + ".json");
    atomic_write(path, manifest.dump());
    return {{"kind", "exported"}, {"manifest", path.string()}};
  }
  testing::TemporaryFolder folder_;
};

class ClassifierGuidance : public Wrappers {
 protected:
  ClassifierGuidance() {
    const nn::AdmClassifier made(initial_, options_);
    path_ = save("classifier", initial_.made(), to_json(options_));
  }
  /// log p(y_b | x_b, t_b), [B].
  at::Tensor log_likelihood(const at::Tensor& x, const Batch& batch) const {
    MapSource source(initial_.made(), "initial");
    const nn::AdmClassifier classifier(source, options_);
    return at::log_softmax(classifier.forward(x, batch.t), 1).gather(1, batch.labels.unsqueeze(1)).squeeze(1);
  }
  const nn::AdmClassifierOptions options_{.image_size = 4,
                                          .in_channels = 2,
                                          .n_classes = 2,
                                          .model_channels = 32,
                                          .channel_mult = {1, 2},
                                          .num_res_blocks = 1,
                                          .attention_resolutions = {2},
                                          .num_head_channels = 16};
  InitialSource initial_{5};
  std::string path_;
};

TEST_F(ClassifierGuidance, GoesUphillInTheLogLikelihoodBySigmaAndScale) {
  const auto plain = make_model(toy());
  const auto guided = make_model({{"kind", "classifier_guidance"}, {"model", toy()}, {"classifier", path_}, {"scale", 2.5}});
  EXPECT_EQ(guided->spec().forwards, 4);
  const Batch batch{.x = normals(1, {2, 2, 4, 4}),
                    .t = at::tensor(std::vector<float>{700, 40}),
                    .labels = at::tensor(std::vector<std::int64_t>{1, 0}),
                    .ids = {0, 1}};
  const at::Tensor change = guided->predict(batch).eps - plain->predict(batch).eps;
  const at::Tensor direction = normals(2, {2, 2, 4, 4});
  constexpr double kStep = 1e-2;
  const at::Tensor slope =
      (log_likelihood(batch.x + direction * kStep, batch) - log_likelihood(batch.x - direction * kStep, batch)) / (2 * kStep);
  for (std::int64_t row = 0; row < 2; ++row) {
    const double sigma = guided->schedule().level({batch.t[row].item<float>()}).sigma;
    const double along = (change[row] * direction[row]).sum().item<double>(), expected = -2.5 * sigma * slope[row].item<double>();
    EXPECT_GT(std::abs(expected), 1e-4);
    EXPECT_NEAR(along, expected, 2e-2 * std::abs(expected));
  }
}

TEST_F(ClassifierGuidance, NeedsClassesAndLabels) {
  const Json without = {{"kind", "toy_gaussian"}};
  EXPECT_EQ(test::code_of([&] {
              make_model({{"kind", "classifier_guidance"}, {"model", without}, {"classifier", path_}});
            }),
            ErrorCode::config);
  const auto guided = make_model({{"kind", "classifier_guidance"}, {"model", toy()}, {"classifier", path_}});
  const Batch batch{.x = normals(1, {2, 2, 4, 4}), .t = at::full({2}, 5.0), .ids = {0, 1}};
  EXPECT_EQ(test::code_of([&] { guided->predict(batch); }), ErrorCode::shape);
}

class LatentModel : public Wrappers {
 protected:
  LatentModel() {
    const nn::AutoencoderKl made(initial_, options_);
    path_ = save("autoencoder", initial_.made(), to_json(options_));
  }
  const nn::AutoencoderOptions options_{.ch = 32, .ch_mult = {1, 2}, .num_res_blocks = 1, .z_channels = 2, .scaling_factor = 0.5};
  InitialSource initial_{6};
  std::string path_;
};

TEST_F(LatentModel, ItsAutoencoderMayHaveTheNamesAndMatricesOfDiffusers) {
  WeightMap diffusers;
  for (const auto& [ldm, tensor] : initial_.made()) {
    std::string name = ldm;
    const auto rename = [&](const std::string& from, const std::string& to) {
      if (const auto place = name.find(from); place != name.npos) name.replace(place, from.size(), to);
    };
    for (const auto& [from, to] : {std::pair{".attn_1.q.", ".attn_1.to_q."},
                                   {".attn_1.k.", ".attn_1.to_k."},
                                   {".attn_1.v.", ".attn_1.to_v."},
                                   {".attn_1.proj_out.", ".attn_1.to_out.0."},
                                   {".mid.attn_1.", ".mid_block.attentions.0."},
                                   {"decoder.up.0.block.", "decoder.up_blocks.1.resnets."},
                                   {"decoder.up.1.block.", "decoder.up_blocks.0.resnets."}})
      rename(from, to);
    const bool is_matrix = name.find("attentions") != name.npos && tensor.dim() == 4;
    diffusers[name] = is_matrix ? tensor.squeeze(3).squeeze(2) : tensor;
  }
  const auto path = save("diffusers", diffusers, to_json(options_));
  const auto decode = [&](const std::string& autoencoder) {
    return make_model({{"kind", "latent"}, {"model", toy()}, {"autoencoder", autoencoder}})->to_image(normals(3, {2, 2, 4, 4}));
  };
  EXPECT_TRUE(diffusers.contains("decoder.mid_block.attentions.0.to_q.weight"));
  EXPECT_TRUE(at::equal(decode(path), decode(path_)));
}

TEST_F(LatentModel, SamplesAreDecodedOneByOneAndMapsSpread) {
  const auto model = make_model({{"kind", "latent"}, {"model", toy()}, {"autoencoder", path_}});
  EXPECT_EQ(image_shape(model->spec()), (ImageShape{3, 8, 8}));
  MapSource source(initial_.made(), "initial");
  const nn::AutoencoderKl autoencoder(source, options_);
  const at::Tensor latents = normals(3, {3, 2, 4, 4}), images = model->to_image(latents);
  EXPECT_EQ(images.sizes(), at::IntArrayRef({3, 3, 8, 8}));
  EXPECT_TRUE(at::equal(images[1], autoencoder.decode(latents.narrow(0, 1, 1))[0]));
  const at::Tensor map = model->map_to_image(latents);
  EXPECT_EQ(map.sizes(), images.sizes());
  EXPECT_TRUE(at::equal(map[2][0], map[2][2]));
  EXPECT_FLOAT_EQ(map[0][1][5][2].item<float>(), latents[0].mean(0)[2][1].item<float>());
  const at::Tensor none = at::zeros_like(latents);  // a decoder makes something even of nothing
  EXPECT_TRUE(at::equal(model->map_to_image(none), at::zeros_like(images)));
  EXPECT_FALSE(at::equal(model->to_image(none), at::zeros_like(images)));
}

TEST_F(LatentModel, ImagesAreEncodedByThePosteriorMeanInTheScaleOfTheNetwork) {
  const auto model = make_model({{"kind", "latent"}, {"model", toy()}, {"autoencoder", path_}});
  MapSource source(initial_.made(), "initial");
  const nn::AutoencoderKl autoencoder(source, options_);
  const at::Tensor images = normals(4, {2, 3, 8, 8}), latents = model->from_image(images);
  EXPECT_EQ(latents.sizes(), at::IntArrayRef({2, 2, 4, 4}));
  EXPECT_TRUE(at::equal(latents[1], autoencoder.encode(images.narrow(0, 1, 1)).mean[0] * 0.5));
}

TEST_F(LatentModel, TilesAndGuidanceKeepTheDecoder) {
  const at::Tensor latents = normals(3, {1, 2, 4, 4});
  const auto plain = make_model({{"kind", "latent"}, {"model", toy()}, {"autoencoder", path_}});
  const auto one_tile = make_model({{"kind", "latent"}, {"model", toy()}, {"autoencoder", path_}, {"tile", 4}, {"overlap", 2}});
  EXPECT_TRUE(at::equal(one_tile->to_image(latents), plain->to_image(latents)));
  const Json inner = {{"kind", "latent"}, {"model", toy()}, {"autoencoder", path_}};
  const auto guided = make_model({{"kind", "classifier_free"}, {"model", inner}, {"scale", 2}});
  EXPECT_TRUE(at::equal(guided->to_image(latents), plain->to_image(latents)));
  EXPECT_TRUE(at::equal(guided->map_to_image(latents), plain->map_to_image(latents)));
  EXPECT_EQ(guided->spec().forwards, 2);
}

TEST_F(LatentModel, RefusesLatentsThatDoNotFit) {
  const Json other = {{"kind", "toy_gaussian"}, {"channels", 3}};
  EXPECT_EQ(test::code_of([&] {
              make_model({{"kind", "latent"}, {"model", other}, {"autoencoder", path_}});
            }),
            ErrorCode::config);
  EXPECT_EQ(test::code_of([&] {
              make_model({{"kind", "latent"}, {"model", toy()}, {"autoencoder", path_}, {"tile", 4}, {"overlap", 4}});
            }),
            ErrorCode::config);
}

}  // namespace
}  // namespace alea
