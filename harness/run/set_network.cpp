#include "run/set_network.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/equal.h>

#include <algorithm>

#include "data/dataset.h"
#include "models/encoder.h"
#include "models/weights_file.h"

namespace alea {
namespace {

constexpr const char* kPublishedInception = "6726825d";  // first digits of the weights' sha256, as the file's name has them
constexpr const char* kPublishedVgg16 = "397923af";

/// A network of one channel, fed with RGB images that are grey.
class GreyNetwork final : public FeatureNetwork {
 public:
  explicit GreyNetwork(std::unique_ptr<FeatureNetwork> inner) : inner_(std::move(inner)) {}
  const FeatureSpec& spec() const override { return inner_->spec(); }
  at::Tensor prepare(const at::Tensor& images) override {
    const at::Tensor grey = images.narrow(1, 0, 1);
    for (std::int64_t c = 1; c < images.size(1); ++c)
      if (!at::equal(grey, images.narrow(1, c, 1)))
        fail(ErrorCode::shape, "feature network {} takes grey images, found one in colour", spec().name);
    return inner_->prepare(grey);
  }
  Output forward(const at::Tensor& prepared) override { return inner_->forward(prepared); }

 private:
  std::unique_ptr<FeatureNetwork> inner_;
};

bool is_encoder(const std::string& network) { return std::ranges::find(encoder_names(), network) != encoder_names().end(); }

std::string name_of(const EncoderOptions& options, const FeatureSpec& spec) {
  if (!is_encoder(options.network) || options.network == "torchscript") return spec.name;
  const bool inception = options.network == "inception";
  const bool published = spec.weights_sha256.starts_with(inception ? kPublishedInception : kPublishedVgg16);
  if (inception && published && options.layer == 2048 && !options.train_mode_batch_norm) return "";
  std::string name = options.network;
  if (inception && options.layer != 2048) name += fmt::format("_{}", options.layer);
  if (!inception && !options.relu) name += "_before_relu";
  if (options.train_mode_batch_norm) name += "_train_mode";
  return published ? name : fmt::format("{}_{:.8}", name, spec.weights_sha256);
}

std::unique_ptr<FeatureNetwork> build(const EncoderOptions& options) {
  if (is_encoder(options.network)) return make_encoder(options);
  auto network = make_feature_network(options.network, data_folder());
  if (network->spec().input.channels != 1) return network;
  return taking_grey_rgb(std::move(network));
}

}  // namespace

std::unique_ptr<FeatureNetwork> taking_grey_rgb(std::unique_ptr<FeatureNetwork> network) {
  return std::make_unique<GreyNetwork>(std::move(network));
}

SetNetwork make_set_network(const EncoderOptions& options) {
  SetNetwork out;
  out.network = build(options);
  const FeatureSpec& spec = out.network->spec();
  out.name = name_of(options, spec);
  out.facts = {{"network", options.network},
               {"width", spec.width},
               {"weights_sha256", spec.weights_sha256},
               {"preprocessing", spec.preprocessing}};
  out.fingerprint = json_sha256(out.facts);
  return out;
}

SetNetwork make_named_network(const std::string& network) {
  EncoderOptions options;  // the defaults are pytorch-fid's, as the paper's code has them
  options.network = network;
  if (network == "inception") {
    options.weights = feature_weights_path(network).string();
    options.sha256 = feature_weights_sha256(network);
  }
  return make_set_network(options);
}

}  // namespace alea
