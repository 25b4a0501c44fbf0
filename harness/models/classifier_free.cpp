#include <ATen/TensorOperators.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/std.h>

#include "core/error.h"
#include "models/last_layer.h"
#include "models/wrapper.h"

namespace alea {
namespace {

struct ClassifierFreeOptions {
  Json model;
  double scale = 1.5;
  double rescale = 0;
};

}  // namespace

template <>
struct Fields<ClassifierFreeOptions> {
  static auto table() {
    using O = ClassifierFreeOptions;
    return std::tuple{
        field("model", &O::model, "the conditional network: one of the other kinds with its options").required(),
        field("scale", &O::scale, "w: 1 is the conditional network itself. U-ViT's own scale s is w - 1").range(0, 100),
        field("rescale", &O::rescale, "share of the guided prediction that is brought to the conditional one's spread")
            .range(0, 1)};
  }
};

namespace {

constexpr WrapperCost kCost{.factor = 2};

/// e = e_u + w (e_c - e_u) (Ho and Salimans, arXiv:2207.12598, eq. 6 with w - 1).
at::Tensor guided(const at::Tensor& conditional, const at::Tensor& unconditional, double scale) {
  return unconditional + (conditional - unconditional) * scale;
}

/// e' = phi e std(e_c) / std(e) + (1 - phi) e, spreads by sample (Lin et al., arXiv:2305.08891, eqs. 15 and 16).
at::Tensor rescaled(const at::Tensor& guided, const at::Tensor& conditional, double phi) {
  const auto spread = [](const at::Tensor& e) {
    return at::std(e, at::IntArrayRef{1, 2, 3}, /*unbiased=*/true, /*keepdim=*/true);
  };
  return guided * (spread(conditional) / spread(guided)) * phi + guided * (1 - phi);
}

class ClassifierFree : public Wrapper {
 public:
  ClassifierFree(const ClassifierFreeOptions& options, const Placement& placement)
      : Wrapper(options.model, placement), options_(options) {
    if (!spec_.knows_unconditional)
      fail(ErrorCode::config,
           "classifier_free: {} was trained without a null class (its manifest names none), so there is nothing to guide from",
           spec_.kind);
    spec_.kind = "classifier_free." + spec_.kind;
    spec_.forwards = kCost.of(spec_.forwards);
  }

  Prediction predict(const Batch& batch) override {
    Batch without = batch;
    without.unconditional = true;
    if (spec_.null_label && batch.labels.defined()) without.labels = at::full_like(batch.labels, *spec_.null_label);
    const Prediction conditional = model_->predict(batch), unconditional = model_->predict(without);
    Prediction out = conditional;  // a learned variance isn't guided
    if (batch.x.is_meta()) return out;
    out.eps = guided(conditional.eps, unconditional.eps, options_.scale);
    if (options_.rescale > 0) out.eps = rescaled(out.eps, conditional.eps, options_.rescale);
    if (batch.want.last_layer_input) {
      if (options_.rescale > 0) fail(ErrorCode::config, "{} {}", spec_.kind, kNoLastLayer);
      out.last_layer_input = guided(conditional.last_layer_input, unconditional.last_layer_input, options_.scale);
    }
    if (conditional.x0.defined()) {
      if (options_.rescale > 0) fail(ErrorCode::config, "classifier_free: /rescale is for networks that predict eps");
      out.x0 = guided(conditional.x0, unconditional.x0, options_.scale);
    }
    return out;
  }
  /// Both predictions end in one layer, which is linear in its input: guiding the inputs guides eps.
  std::optional<LastLayer> last_layer() const override { return options_.rescale > 0 ? std::nullopt : model_->last_layer(); }

 private:
  ClassifierFreeOptions options_;
};

}  // namespace

ModelPlugin classifier_free_model() {
  return make_wrapper_plugin<ClassifierFreeOptions>(
      "classifier_free", "classifier-free guidance (arXiv:2207.12598) of another model: two evaluations a prediction", kCost, "",
      [](const ClassifierFreeOptions& options, const Placement& placement) -> std::unique_ptr<Denoiser> {
        return std::make_unique<ClassifierFree>(options, placement);
      });
}

}  // namespace alea
