#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/error.h"
#include "models/manifest.h"
#include "models/network_weights.h"
#include "models/nn/adm_classifier.h"
#include "models/wrapper.h"

namespace alea {
namespace {

struct ClassifierGuidanceOptions {
  Json model;
  std::string classifier;
  double scale = 1;
};

}  // namespace

template <>
struct Fields<ClassifierGuidanceOptions> {
  static auto table() {
    using O = ClassifierGuidanceOptions;
    return std::tuple{field("model", &O::model, "the network that is guided: one of the other kinds with its options").required(),
                      field("classifier", &O::classifier, "manifest file of a classifier of noisy images").required(),
                      field("scale", &O::scale, "of the gradient").range(0, 1000)};
  }
};

namespace {

/// The classifier's forward and backward beside the network's own forward: a backward counts as two.
constexpr WrapperCost kCost{.addend = 3};

std::unique_ptr<nn::AdmClassifier> load_classifier(const std::filesystem::path& path, const Placement& placement) {
  ConfigErrors errors;
  const auto manifest = read_options<NetworkManifest>(read_json_file(path), "", errors);
  const auto options = read_options<nn::AdmClassifierOptions>(manifest.architecture, "/architecture", errors);
  errors.throw_if_any(path.string());
  NetworkWeights weights(manifest, path, placement);
  auto classifier = std::make_unique<nn::AdmClassifier>(weights.source(), options);
  weights.finish();
  return classifier;
}

/// Gradients of large classifiers reach below 6e-8, the smallest number of float16. A power of two changes no other bit.
constexpr double kGradientScale = 256;

/// d/dx sum_b log p(y_b | x_b, t_b): rows don't influence each other, so row b is that of image b.
at::Tensor log_likelihood_gradient(const nn::AdmClassifier& classifier, const Batch& batch) {
  const at::AutoGradMode with_gradients(true);
  const at::Tensor x = batch.x.detach().requires_grad_(true);
  const at::Tensor chosen = at::log_softmax(classifier.forward(x, batch.t), 1).gather(1, batch.labels.unsqueeze(1)).sum();
  return torch::autograd::grad({chosen * kGradientScale}, {x}).front() / kGradientScale;
}

/// Classifier guidance (arXiv:2105.05233, algorithm 2): eps - scale sigma grad log p(y | x_t).
class ClassifierGuidance : public Wrapper {
 public:
  ClassifierGuidance(const ClassifierGuidanceOptions& options, const Placement& placement)
      : Wrapper(options.model, placement),
        scale_(options.scale),
        classifier_(load_classifier(find_data_file(options.classifier), placement)) {
    if (spec_.n_classes == 0) fail(ErrorCode::config, "classifier_guidance: {} has no classes to guide to", spec_.kind);
    spec_.kind = "classifier_guidance." + spec_.kind;
    spec_.forwards = kCost.of(spec_.forwards);
  }

  Prediction predict(const Batch& batch) override {
    if (!batch.labels.defined()) fail(ErrorCode::shape, "classifier_guidance: expected labels [B], found none");
    Prediction out = model_->predict(batch);
    if (batch.x.is_meta()) {  // where there is no way back: the forward, and two for the backward
      for (int pass = 0; pass < kCost.addend; ++pass) classifier_->forward(batch.x, batch.t);
      return out;
    }
    out.eps = out.eps - log_likelihood_gradient(*classifier_, batch) * (sigmas(batch) * scale_);
    out.x0 = at::Tensor();  // it follows from eps
    return out;
  }

 private:
  at::Tensor sigmas(const Batch& batch) const {
    const at::Tensor times = batch.t.to(at::kCPU);
    std::vector<float> out;
    for (std::int64_t row = 0; row < times.size(0); ++row)
      out.push_back(static_cast<float>(model_->schedule().level({times.const_data_ptr<float>()[row]}).sigma));
    return at::tensor(out).to(batch.x.device()).view({-1, 1, 1, 1});
  }

  double scale_;
  std::unique_ptr<nn::AdmClassifier> classifier_;
};

}  // namespace

ModelPlugin classifier_guidance_model() {
  return make_wrapper_plugin<ClassifierGuidanceOptions>(
      "classifier_guidance", "classifier guidance (arXiv:2105.05233) of a class-conditional model: a forward and a backward more",
      kCost, "classifier", [](const ClassifierGuidanceOptions& options, const Placement& placement) -> std::unique_ptr<Denoiser> {
        return std::make_unique<ClassifierGuidance>(options, placement);
      });
}

}  // namespace alea
