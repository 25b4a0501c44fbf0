#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>

#include <memory>
#include <utility>
#include <vector>

#include "models/models.h"
#include "models/nn/unet.h"
#include "models/weights.h"
#include "samplers/noise.h"
#include "tests/support/plugins.h"
#include "uncertainty/guidance.h"

namespace alea::test {

/// The embedded network's layers, few and narrow, all in double.
class SmallUnet : public Denoiser {
 public:
  explicit SmallUnet(at::ScalarType dtype = at::kDouble) : schedule_(ScheduleOptions{}) {
    class Source : public ParameterSource {
     public:
      explicit Source(at::ScalarType dtype) : dtype_(dtype) {}
      at::Tensor take(const std::string& name, at::IntArrayRef shape, ParameterRole role) override {
        return hashed_.take(name, shape, role).to(dtype_);
      }

     private:
      HashedSource hashed_{2};
      at::ScalarType dtype_;
    } source(dtype);
    unet_ = std::make_unique<nn::Unet>(source, nn::UnetOptions{.in_channels = 2,
                                                               .out_channels = 2,
                                                               .block_channels = {8, 16},
                                                               .attention = {false, true},
                                                               .layers_per_block = 1,
                                                               .norm_groups = 4});
    spec_.kind = "small_unet";
    spec_.shape = {2, 4, 4};
  }

  const DenoiserSpec& spec() const override { return spec_; }
  const NoiseSchedule& schedule() const override { return schedule_; }
  Prediction predict(const Batch& batch) override {
    return {unet_->forward(batch.x, batch.t, nn::DropoutSites(batch.mode, batch.ids))};
  }

 private:
  NoiseSchedule schedule_;
  DenoiserSpec spec_;
  std::unique_ptr<nn::Unet> unet_;
};

inline std::unique_ptr<Denoiser> small_mixture() {
  return make(model_registry(), {{"kind", "toy_mixture"}, {"channels", 2}, {"height", 4}, {"width", 4}});
}

inline at::Tensor eps_of(Denoiser& denoiser, const at::Tensor& x, TrainTime t, const Ids& ids, Want want = {}) {
  const at::AutoGradMode gradients(want.graph);
  return denoiser.predict({.x = x, .t = at::full({x.size(0)}, t.value, at::kFloat), .ids = ids, .want = want}).eps;
}

/// One step of three images in double, and what a guide asks on it.
struct GuidedStep {
  Denoiser& denoiser;
  Ids ids{3, 4, 9};
  StepView view;

  explicit GuidedStep(Denoiser& network, int index = 1, double t = 400) : denoiser(network) {
    const at::Tensor noise = draw_normals({.seed = 5}, ids, network.spec().shape).to(at::kDouble);
    view = {.index = {index},
            .n_steps = 4,
            .t = {t},
            .level = network.schedule().level({t}),
            .x = noise * 0.8,
            .eps = {},
            .x0 = {},
            .ids = &ids};
    view.eps = eps_of(network, view.x, view.t, ids);
    view.x0 = predict_x0(view.x, view.eps, view.level);
  }

  struct Answers {
    at::Tensor eps;              ///< what the guide makes of it
    std::vector<at::Tensor> x;   ///< of the first M questions
    std::vector<at::Tensor> of;  ///< their answers
    std::size_t questions = 0;
    std::vector<UncertaintyOutput> outputs;
    std::uint64_t backward_rows = 0;
  };

  Answers run(const GuideFactory& factory, std::size_t passes) const {
    const auto guide = factory.start(ids);
    Answers out;
    guide->begin(view);
    while (const auto query = guide->next()) {
      const at::Tensor answer = eps_of(denoiser, query->x, query->t, query->ids, query->want);
      if (++out.questions <= passes) {
        out.x.push_back(query->x.detach());
        out.of.push_back(answer.detach());
      }
      guide->feed({answer});
    }
    out.eps = guide->eps();
    out.outputs = guide->outputs();
    out.backward_rows = guide->backward_rows();
    return out;
  }
};

/// {} stands for the defaults: a braced nothing is null.
inline GuidanceOptions guidance_options(const Json& json) {
  ConfigErrors errors;
  const auto options = read_guidance_options(json.is_null() ? Json::object() : json, "/guide", errors);
  errors.throw_if_any("test");
  return options;
}

inline std::unique_ptr<GuideFactory> guidance(const Json& json, const Denoiser& denoiser, int n_steps = 4,
                                              std::shared_ptr<const GuidanceThresholds> thresholds = nullptr) {
  return make_guidance(guidance_options(json),
                       {.schedule = denoiser.schedule(), .seed = 8, .n_steps = n_steps, .thresholds = std::move(thresholds)});
}

}  // namespace alea::test
