#include "models/encoder.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>

#include "core/error.h"
#include "core/expected_sha256.h"
#include "core/files.h"
#include "models/exported_module.h"
#include "core/share.h"
#include "models/nn/inception.h"
#include "models/nn/vgg16.h"
#include "models/preprocess.h"
#include "models/weights.h"
#include "models/weights_file.h"

namespace alea {
namespace {

constexpr int kInceptionBatch = 16, kVgg16Batch = 8, kModuleBatch = 16;

/// What of the options changes features.
Json preprocessing_of(const EncoderOptions& options) {
  return {{"resize", options.normalise == "zero_pad" ? "none" : options.resize},
          {"normalise", options.normalise},
          {"input", options.input}};
}

class Encoder : public FeatureNetwork {
 public:
  const FeatureSpec& spec() const override { return spec_; }
  at::Tensor prepare(const at::Tensor& images) override { return preprocess_images(images, options_); }

 protected:
  Encoder(const EncoderOptions& options, std::string name, int width, int batch) : options_(options) {
    spec_.name = std::move(name);
    spec_.input = {3, 0, 0};
    spec_.width = width;
    spec_.micro_batch = batch;
    spec_.preprocessing = preprocessing_of(options);
  }
  EncoderOptions options_;
  FeatureSpec spec_;
};

class InceptionEncoder final : public Encoder {
 public:
  InceptionEncoder(const EncoderOptions& options, ParameterSource& source, const std::string& sha256)
      : Encoder(options, "inception", options.layer, kInceptionBatch),
        network_(source, {options.layer, options.logits_bias, options.train_mode_batch_norm}) {
    spec_.weights_sha256 = sha256;
    spec_.preprocessing["layer"] = options.layer;
    spec_.preprocessing["logits_bias"] = options.logits_bias;
    spec_.preprocessing["train_mode_batch_norm"] = options.train_mode_batch_norm;
    if (options.layer != 2048) return;
    spec_.n_classes = nn::kInceptionClasses;
    spec_.spatial_width = nn::kInceptionSpatialWidth;
  }
  Output forward(const at::Tensor& prepared) override {
    const auto out = network_.forward(prepared);
    return {out.features, out.logits, out.spatial};
  }

 private:
  nn::Inception network_;
};

class Vgg16Encoder final : public Encoder {
 public:
  Vgg16Encoder(const EncoderOptions& options, ParameterSource& source, const std::string& sha256)
      : Encoder(options, "vgg16", nn::kVgg16Width, kVgg16Batch), network_(source) {
    spec_.weights_sha256 = sha256;
    spec_.preprocessing["relu"] = options.relu;
  }
  Output forward(const at::Tensor& prepared) override { return {network_.forward(prepared, options_.relu), {}, {}}; }

 private:
  nn::Vgg16 network_;
};

/// A user's own module: [B, 3, input, input] float32 -> [B, width].
class ModuleEncoder final : public Encoder {
 public:
  ModuleEncoder(const EncoderOptions& options, const std::string& name, const std::string& sha256)
      : Encoder(options, name, 0, kModuleBatch), module_(load_exported_module(options.weights)) {
    spec_.weights_sha256 = sha256;
    spec_.width = static_cast<int>(forward(at::zeros({kModuleBatch, 3, options.input, options.input})).features.size(1));
  }
  Output forward(const at::Tensor& prepared) override {
    const c10::InferenceMode no_gradients;
    const at::Tensor answer = module_->run({prepared});
    if (answer.dim() != 2 || answer.size(0) != prepared.size(0))
      fail(ErrorCode::shape, "{}: expected the module to answer [{}, d] to [{}, 3, {}, {}]", options_.weights, prepared.size(0),
           prepared.size(0), prepared.size(2), prepared.size(3));
    return {answer.to(at::kFloat), {}, {}};
  }

 private:
  std::unique_ptr<ExportedModule> module_;
};

[[noreturn]] void fail_without_weights(const EncoderOptions& options) {
  const Json manifest = read_json_file(share_folder() / "manifests" / "networks" / (options.network + ".json"));
  const std::string found = options.weights.empty() ? "no weights were given" : fmt::format("{}: no such file", options.weights);
  fail(ErrorCode::io,
       "{}: {}; run `scripts/fetch {}` (from {}, sha256 begins with {}) and name them with `--weights {}`, where /features of a "
       "config finds them by itself",
       options.network, found, options.network, manifest.at("address").get<std::string>(),
       manifest.at("sha256_prefix").get<std::string>(), feature_weights_path(options.network).string());
}

/// What published files hold beside the parameters that are used here.
void drop_unused(WeightMap& weights) {
  std::erase_if(weights, [](const auto& entry) {
    return entry.first.ends_with("num_batches_tracked") || entry.first.starts_with("classifier.6.");
  });
}

template <class Network>
std::unique_ptr<FeatureNetwork> load_encoder(const EncoderOptions& options) {
  if (options.weights.empty() || !std::filesystem::exists(options.weights)) fail_without_weights(options);
  auto loaded = load_weights(options.weights, options.sha256);
  drop_unused(loaded.tensors);
  MapSource source(loaded.tensors, options.weights);
  auto network = std::make_unique<Network>(options, source, loaded.sha256);
  source.finish();
  return network;
}

std::unique_ptr<FeatureNetwork> load_module(const EncoderOptions& options) {
  if (options.weights.empty() || !std::filesystem::exists(options.weights))
    fail(ErrorCode::io, "torchscript: expected a module in --weights, found {}",
         options.weights.empty() ? "none" : options.weights + ", which isn't there");
  const std::string sha256 = sha256_file(options.weights);
  if (!options.sha256.empty()) require_sha256(options.weights, options.sha256, sha256, "export it again or mend /encoder/sha256");
  const std::string name = options.name.empty() ? std::filesystem::path(options.weights).stem().string() : options.name;
  return std::make_unique<ModuleEncoder>(options, name, sha256);
}

}  // namespace

const std::vector<std::string>& encoder_names() {
  static const std::vector<std::string> names = {"inception", "vgg16", "torchscript"};
  return names;
}

std::unique_ptr<FeatureNetwork> make_encoder(const EncoderOptions& options) {
  if (options.network == "inception") return load_encoder<InceptionEncoder>(options);
  if (options.network == "vgg16") return load_encoder<Vgg16Encoder>(options);
  if (options.network == "torchscript") return load_module(options);
  fail(ErrorCode::config, "\"{}\" is not an encoder{}", options.network, suggestion(options.network, encoder_names()));
}

}  // namespace alea
