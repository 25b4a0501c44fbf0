#pragma once

#include <string>

#include "core/files.h"
#include "models/models.h"
#include "models/nn/adm_classifier.h"
#include "models/nn/adm_unet.h"
#include "models/nn/autoencoder_kl.h"
#include "models/nn/unet.h"
#include "models/nn/uvit.h"
#include "tests/support/process.h"

namespace alea::test {

/// A config for every kind of model; those with weights are small networks with seeded ones, as a user would bring them: a
/// manifest and a file.
class SmallModels {
 public:
  /// Error{internal} for a kind that isn't here: a new one wants its line below.
  Json config(const std::string& kind) const {
    if (kind.starts_with("toy_")) return {{"kind", kind}};
    if (kind == "ddpm_unet") return with_manifest(kind, network<nn::Unet>(kind, kUnet, {{"train_dropout", 0.1}}));
    if (kind == "adm_unet") return with_manifest(kind, network<nn::AdmUnet>(kind, kAdm));
    if (kind == "uvit") return with_manifest(kind, network<nn::Uvit>(kind, kUvit, {{"null_label", kUvit.num_classes - 1}}));
    if (kind == "exported") return with_manifest(kind, exported());
    if (kind == "classifier_free") return {{"kind", kind}, {"model", config("uvit")}, {"scale", 1.5}, {"rescale", 0.5}};
    if (kind == "classifier_guidance")
      return {{"kind", kind}, {"model", config("adm_unet")}, {"classifier", network<nn::AdmClassifier>(kind, kClassifier)}};
    if (kind == "latent")
      return {{"kind", kind},
              {"model", config("ddpm_unet")},
              {"autoencoder", network<nn::AutoencoderKl>(kind, kAutoencoder)},
              {"tile", 6},
              {"overlap", 2}};
    fail(ErrorCode::internal, "model kind {} has no small network: add one to tests/contract/small_models.h", kind);
  }

 private:
  static Json with_manifest(const std::string& kind, const std::string& path) { return {{"kind", kind}, {"manifest", path}}; }

  static constexpr int kChannels = 2, kSide = 8;
  static inline const nn::UnetOptions kUnet{.in_channels = kChannels,
                                            .out_channels = kChannels,
                                            .block_channels = {16, 32},
                                            .attention = {false, true},
                                            .layers_per_block = 1,
                                            .norm_groups = 4};
  static inline const nn::AdmUnetOptions kAdm{.in_channels = kChannels,
                                              .out_channels = 2 * kChannels,
                                              .model_channels = 32,
                                              .channel_mult = {1, 2},
                                              .num_res_blocks = 1,
                                              .attention_resolutions = {2},
                                              .num_head_channels = 16,
                                              .num_classes = 3};
  static inline const nn::AdmClassifierOptions kClassifier{.image_size = kSide,
                                                           .in_channels = kChannels,
                                                           .n_classes = 3,
                                                           .model_channels = 32,
                                                           .channel_mult = {1, 2},
                                                           .num_res_blocks = 1,
                                                           .attention_resolutions = {2},
                                                           .num_head_channels = 16};
  static inline const nn::UvitOptions kUvit{.img_size = kSide,
                                            .in_channels = kChannels,
                                            .embed_dim = 32,
                                            .depth = 2,
                                            .heads = 2,
                                            .num_classes = 4,
                                            .mlp_time_embed = true,
                                            .conv = true};
  static inline const nn::AutoencoderOptions kAutoencoder{
      .ch = 32, .ch_mult = {1, 2}, .num_res_blocks = 1, .z_channels = kChannels};

  /// Writes weights and manifest; a denoiser's manifest says shape and schedule, an auxiliary network's doesn't.
  template <class Network, class Options>
  std::string network(const std::string& name, const Options& options, const Json& more = Json::object()) const {
    InitialSource initial(11);
    const Network made(initial, options);
    const fs::path weights = folder_ / (name + ".safetensors");
    save_weights(weights, initial.made(), StoredAs::f32);
    Json manifest = {
        {"architecture", to_json(options)}, {"weights", weights.filename().string()}, {"sha256", sha256_file(weights)}};
    if (name != "classifier_guidance" && name != "latent")
      manifest.update({{"schedule", {{"kind", "linear"}}}, {"shape", {kChannels, kSide, kSide}}});
    manifest.update(more);
    return write(name, manifest);
  }

  std::string exported() const {
    const fs::path module = fs::path(ALEA_SOURCE_DIR) / "tests/fixtures/exported/x0.pt";
    fs::copy_file(module, folder_ / "x0.pt", fs::copy_options::skip_existing);
    return write("exported", {{"module", "x0.pt"},
                              {"sha256", sha256_file(module)},
                              {"shape", {2, 4, 4}},
                              {"n_classes", 2},
                              {"schedule", {{"kind", "linear"}}},
                              {"null_label", 2},
                              {"prediction", "x0"}});
  }

  std::string write(const std::string& name, const Json& manifest) const {
    atomic_write(folder_ / (name + ".json"), manifest.dump());
    return (folder_ / (name + ".json")).string();
  }

  testing::TemporaryFolder folder_;
};

/// The small model of a kind.
inline std::unique_ptr<Denoiser> small_model(const std::string& kind, const Placement& placement) {
  const SmallModels models;
  ConfigErrors errors;
  const Json resolved = model_registry().resolve(models.config(kind), "", errors);
  errors.throw_if_any(kind);
  return make_model(resolved, placement);
}

}  // namespace alea::test
