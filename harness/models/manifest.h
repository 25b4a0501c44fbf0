#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "models/checkpoint.h"
#include "models/denoiser.h"
#include "models/weights_file.h"

namespace alea {

/// What a weights file can't say: the manifest beside it.
struct DenoiserManifest {
  Json architecture = Json::object();
  Json schedule = Json::object();
  std::vector<int> shape;                       ///< [C, H, W] of the network's space
  int fold = 1;                                 ///< see Codec
  std::string weights, sha256, published;       ///< see WeightsEntry
  std::string member;                           ///< see CheckpointOptions
  std::string prefix;                           ///< see CheckpointOptions
  double train_dropout = 0;                     ///< p of training
  std::string train_dropout_sites = "resnets";  ///< "resnets" or "all"
  int label_offset = 0;                         ///< the network's time label is t + label_offset
  std::optional<int> null_label;                ///< the label that stands for no class
  std::string about;                            ///< for people
};

template <>
struct Fields<DenoiserManifest> {
  static auto table() {
    using M = DenoiserManifest;
    return std::tuple{
        field("architecture", &M::architecture, "options of the network").required(),
        field("schedule", &M::schedule, "noise schedule of training").required(),
        field("shape", &M::shape, "[channels, height, width] of the network's space").required(),
        field("fold", &M::fold, "images are folded fold x fold into channels").range(1, 16),
        field("weights", &M::weights, "file name, relative to the manifest, or to the folder of published weights").required(),
        field("sha256", &M::sha256, "of the weights; published ones may leave it out"),
        field("published", &M::published, "which network of scripts/fetch the weights are"),
        field("member", &M::member, "which dict of a nested checkpoint: ema, ..."),
        field("prefix", &M::prefix, "keys that begin with it count, without it"),
        field("train_dropout", &M::train_dropout, "dropout probability of training").range(0, 0.999),
        field("train_dropout_sites", &M::train_dropout_sites, "sites trained with dropout").one_of({"resnets", "all"}),
        field("label_offset", &M::label_offset, "U-ViT: the network's time label is t + label_offset").range(0, 1),
        field("null_label", &M::null_label, "U-ViT: the label that stands for no class").range(0, 1000000),
        field("about", &M::about, "for people")};
  }
};

/// What a config says of a model whose manifest says the rest.
struct ManifestOptions {
  std::string manifest;
};

template <>
struct Fields<ManifestOptions> {
  static auto table() {
    return std::tuple{
        field("manifest", &ManifestOptions::manifest, "manifest file, as given or below the data folder").required()};
  }
};

/// Weights that need no schedule or shape beside them: a classifier's, an autoencoder's.
struct NetworkManifest {
  Json architecture = Json::object();
  std::string weights, sha256, published;  ///< see WeightsEntry
  std::string member, prefix;              ///< see CheckpointOptions
  std::string about;                       ///< for people
};

template <>
struct Fields<NetworkManifest> {
  static auto table() {
    using M = NetworkManifest;
    return std::tuple{field("architecture", &M::architecture, "options of the network"),
                      field("weights", &M::weights, "as a denoiser's").required(),
                      field("sha256", &M::sha256, "of the weights; published ones may leave it out"),
                      field("published", &M::published, "which network of scripts/fetch the weights are"),
                      field("member", &M::member, "which dict of a nested checkpoint: ema, ..."),
                      field("prefix", &M::prefix, "keys that begin with it count, without it"),
                      field("about", &M::about, "for people")};
  }
};

/// Options below `pointer` of a manifest. Error{config} with pointers, naming `source`.
template <class Options>
Options read_part(const Json& json, const std::string& pointer, const std::string& source) {
  ConfigErrors errors;
  auto options = read_options<Options>(json, pointer, errors);
  errors.throw_if_any(source);
  return options;
}

/// The checkpoint that a manifest at `path` names; `options` say what a manifest doesn't. Errors as find_weights' and
/// Checkpoint's.
template <class Manifest>
Checkpoint open_checkpoint(const Manifest& manifest, const std::filesystem::path& path, CheckpointOptions options = {}) {
  const WeightsFile file = find_weights({manifest.weights, manifest.sha256, manifest.published}, path);
  options.sha256 = file.sha256;
  options.member = manifest.member;
  options.prefix = manifest.prefix;
  return Checkpoint(file.path, options);
}

/// `name` as given, or below the data folder, whichever exists.
std::optional<std::filesystem::path> data_file_if_there(const std::string& name);
std::filesystem::path find_data_file(const std::string& name);  ///< Error{io} when neither exists
/// Error{config} with pointers when it is wrong.
DenoiserManifest read_denoiser_manifest(const std::filesystem::path& path);
ImageShape shape_of(const DenoiserManifest& manifest, const std::string& source);
/// Error{config} for label_offset or null_label in the manifest of a network that has neither.
void refuse_label_conventions(const DenoiserManifest& manifest, const std::string& kind, const std::string& source);

template <>
struct Fields<ScheduleOptions> {
  static auto table() {
    using O = ScheduleOptions;
    return std::tuple{
        field("kind", &O::kind, "how noise grows").one_of({"linear", "cosine", "scaled_linear", "flow"}),
        field("train_steps", &O::train_steps, "T").range(1, 100000),
        field("beta_first", &O::beta_first, "beta at t = 0").range(0, 1),
        field("beta_last", &O::beta_last, "beta at t = T-1").range(0, 1),
        field("table", &O::table, "precision of the table, as the code that trained").one_of({"float32", "float64"}),
        field("shift", &O::shift, "flow: of the times of training").range(1e-3, 1e3)};
  }
};

}  // namespace alea
