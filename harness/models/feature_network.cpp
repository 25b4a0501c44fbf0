#include "models/feature_network.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "core/error.h"
#include "models/classifier_manifest.h"
#include "models/nn/classifier.h"
#include "models/weights.h"

namespace alea {
namespace {

class ClassifierFeatures : public FeatureNetwork {
 public:
  ClassifierFeatures(const std::string& name, const std::filesystem::path& path, const ClassifierManifest& manifest,
                     const nn::ClassifierOptions& options) {
    if (manifest.input.size() != 3 || manifest.input[0] != options.channels)
      fail(ErrorCode::config, "{}: /input: expected [{}, height, width] as /architecture/channels says", path.string(),
           options.channels);
    const auto file = path.parent_path() / manifest.weights;
    const auto loaded = load_weights(file, manifest.sha256);
    MapSource weights(loaded.tensors, file.string());
    classifier_ = std::make_unique<nn::Classifier>(weights, options);
    weights.finish();
    spec_ = {.name = name,
             .input = {manifest.input[0], manifest.input[1], manifest.input[2]},
             .width = options.widths.back(),
             .n_classes = options.n_classes,
             .micro_batch = manifest.micro_batch,
             .weights_sha256 = loaded.sha256};
  }

  const FeatureSpec& spec() const override { return spec_; }

  at::Tensor prepare(const at::Tensor& images) override {
    const auto& input = spec_.input;
    if (images.dim() != 4 || images.scalar_type() != at::kByte || images.size(1) != input.channels ||
        images.size(2) != input.height || images.size(3) != input.width)
      fail(ErrorCode::shape, "{}: expected images [B, {}, {}, {}] of 8-bit integers", spec_.name, input.channels, input.height,
           input.width);
    return images.to(at::kFloat).div(127.5).sub(1.0);
  }

  Output forward(const at::Tensor& prepared) override {
    const auto output = classifier_->forward(prepared);
    return {output.features, output.logits, at::Tensor()};
  }

 private:
  FeatureSpec spec_;
  std::unique_ptr<nn::Classifier> classifier_;
};

std::vector<std::string> known_networks(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  if (!std::filesystem::exists(folder)) return names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json" || entry.path().stem().has_extension()) continue;
    if (read_json_file(entry.path()).contains("test_accuracy")) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::unique_ptr<FeatureNetwork> make_feature_network(const std::string& name, const std::filesystem::path& data_folder) {
  const auto folder = data_folder / "embedded";
  const auto known = known_networks(folder);
  if (std::find(known.begin(), known.end(), name) == known.end())
    fail(ErrorCode::config, "\"{}\" is not a known feature network{}", name, suggestion(name, known));
  const auto path = folder / (name + ".json");
  ConfigErrors errors;
  const auto manifest = read_options<ClassifierManifest>(read_json_file(path), "", errors);
  const auto options = read_options<nn::ClassifierOptions>(manifest.architecture, "/architecture", errors);
  errors.throw_if_any(path.string());
  return std::make_unique<ClassifierFeatures>(name, path, manifest, options);
}

}  // namespace alea
