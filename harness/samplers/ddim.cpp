#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>

#include <algorithm>
#include <cmath>

#include "samplers/noise.h"
#include "samplers/samplers.h"
#include "samplers/timesteps.h"

namespace alea {
namespace {

struct DdimOptions {
  int steps = 50;
  std::string spacing = "leading";
  int steps_offset = 0;
  std::string previous = "next_step";
  std::string final_alpha = "one";
  double eta = 0;
  bool clip = true;
  bool rederive_eps = false;
};

}  // namespace

template <>
struct Fields<DdimOptions> {
  static auto table() {
    using O = DdimOptions;
    return std::tuple{
        field("steps", &O::steps, "solver steps = network evaluations").range(1, 1000),
        field("spacing", &O::spacing, "which training times are visited").one_of({"leading", "linspace", "trailing"}),
        field("steps_offset", &O::steps_offset, "added to each time of leading spacing").range(0, 999),
        field("previous", &O::previous, "the time a step goes to: next in the list, or t - floor(T/steps) as diffusers does")
            .one_of({"next_step", "stride"}),
        field("final_alpha", &O::final_alpha, "alpha_bar after the last step: 1, or that of time 0").one_of({"one", "first"}),
        field("eta", &O::eta, "0 = deterministic, 1 = the noise of DDPM").range(0, 1),
        field("clip", &O::clip, "predicted clean images are clipped to [-1, 1]"),
        field("rederive_eps", &O::rederive_eps,
              "after clipping, take eps from the clipped image (guided-diffusion; not diffusers)")};
  }
};

namespace {

/// One step of the list, with everything that doesn't depend on x.
struct DdimStep {
  TrainTime t;
  double alpha_bar = 1;
  double alpha_bar_previous = 1;
  double sigma = 0;
};

/// DDIM eq. 16: the noise put back in, eta = 1 being that of DDPM.
double ddim_sigma(double eta, double alpha_bar, double alpha_bar_previous) {
  const double variance = (1 - alpha_bar_previous) / (1 - alpha_bar) * (1 - alpha_bar / alpha_bar_previous);
  return eta * std::sqrt(std::max(variance, 0.0));
}

/// DDIM eq. 12 without its noise term: x_prev = sqrt(alpha_bar_prev) x0 + sqrt(1 - alpha_bar_prev - sigma^2) eps.
at::Tensor ddim_mean(const at::Tensor& x0, const at::Tensor& eps, double alpha_bar_previous, double sigma) {
  const double direction = std::sqrt(std::max(1 - alpha_bar_previous - sigma * sigma, 0.0));
  return x0 * std::sqrt(alpha_bar_previous) + eps * direction;
}

/// The noise that x_t holds when its clean image is x0.
at::Tensor implied_eps(const at::Tensor& x, const at::Tensor& x0, double alpha_bar) {
  return (x - x0 * std::sqrt(alpha_bar)) / std::sqrt(1 - alpha_bar);
}

std::vector<DdimStep> ddim_steps(const DdimOptions& options, const NoiseSchedule& schedule) {
  const int train_steps = schedule.train_steps(), n = options.steps;
  const auto times = spaced_times(options.spacing, n, train_steps, options.steps_offset);
  const double last = options.final_alpha == "one" ? 1.0 : schedule.alpha_bar(TrainTime{0});
  std::vector<DdimStep> steps;
  for (int i = 0; i < n; ++i) {
    const double next = i + 1 < n ? times[i + 1].value : -1;
    const double previous = options.previous == "stride" ? times[i].value - train_steps / n : next;
    DdimStep step{.t = times[i], .alpha_bar = schedule.alpha_bar(times[i])};
    step.alpha_bar_previous = previous < 0 ? last : schedule.alpha_bar(TrainTime{previous});
    step.sigma = ddim_sigma(options.eta, step.alpha_bar, step.alpha_bar_previous);
    steps.push_back(step);
  }
  return steps;
}

struct DdimPlan {
  DdimOptions options;
  std::uint64_t seed = 0;
  std::vector<DdimStep> steps;
};

class Ddim : public Sampler {
 public:
  Ddim(std::shared_ptr<const DdimPlan> plan, at::Tensor x_T, Ids ids)
      : plan_(std::move(plan)), x_(std::move(x_T)), ids_(std::move(ids)) {
    if (x_.dim() != 4 || x_.size(0) != static_cast<std::int64_t>(ids_.size()))
      fail(ErrorCode::shape, "ddim: expected x_T [B, C, H, W] with B = {} ids, found {} dimensions", ids_.size(), x_.dim());
  }

  std::optional<Query> next() override {
    if (is_finished()) return std::nullopt;
    return Query{.x = x_, .t = step().t, .ids = ids_};
  }

  StepView view(const Prediction& prediction) const override {
    ALEA_CHECK(!is_finished(), "ddim: a view past the last step");
    at::Tensor x0 = predict_x0(x_, prediction.eps, step().alpha_bar);
    if (plan_->options.clip) x0 = at::clamp(x0, -1, 1);
    return {.index = {index_},
            .n_steps = static_cast<int>(plan_->steps.size()),
            .t = step().t,
            .alpha_bar = step().alpha_bar,
            .x = x_,
            .eps = prediction.eps,
            .x0 = std::move(x0),
            .ids = &ids_};
  }

  void feed(const Prediction& prediction) override {
    const at::Tensor x0 = view(prediction).x0;
    const at::Tensor eps = plan_->options.rederive_eps ? implied_eps(x_, x0, step().alpha_bar) : prediction.eps;
    x_ = ddim_mean(x0, eps, step().alpha_bar_previous, step().sigma);
    if (step().sigma > 0) x_ = x_ + noise() * step().sigma;
    ++index_;
  }

  at::Tensor sample() const override {
    ALEA_CHECK(is_finished(), "ddim: sample() after {} of {} steps", index_, plan_->steps.size());
    return x_;
  }

 private:
  bool is_finished() const { return index_ == static_cast<int>(plan_->steps.size()); }
  const DdimStep& step() const { return plan_->steps[index_]; }

  at::Tensor noise() const {
    const DrawKey key{.seed = plan_->seed, .stream = Stream::sampler_noise, .step = static_cast<std::uint32_t>(index_)};
    const ImageShape shape{static_cast<int>(x_.size(1)), static_cast<int>(x_.size(2)), static_cast<int>(x_.size(3))};
    return draw_normals(key, ids_, shape).to(x_.device());
  }

  std::shared_ptr<const DdimPlan> plan_;
  at::Tensor x_;
  Ids ids_;
  int index_ = 0;
};

class DdimFactory : public SamplerFactory {
 public:
  DdimFactory(const DdimOptions& options, const SamplerContext& context)
      : plan_(std::make_shared<DdimPlan>(DdimPlan{options, context.seed, ddim_steps(options, context.schedule)})) {}

  std::unique_ptr<Sampler> start(at::Tensor x_T, Ids ids) const override {
    return std::make_unique<Ddim>(plan_, std::move(x_T), std::move(ids));
  }
  int nfe() const override { return n_steps(); }
  int n_steps() const override { return static_cast<int>(plan_->steps.size()); }

 private:
  std::shared_ptr<const DdimPlan> plan_;
};

}  // namespace

Plugin<SamplerFactory, const SamplerContext&> ddim_sampler() {
  return make_plugin<SamplerFactory, DdimOptions, const SamplerContext&>(
      "ddim", "DDIM (arXiv:2010.02502), first order, deterministic unless eta > 0",
      [](const DdimOptions& options, const SamplerContext& context) -> std::unique_ptr<SamplerFactory> {
        return std::make_unique<DdimFactory>(options, context);
      });
}

}  // namespace alea
