#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>

#include "models/parametrisation.h"
#include "samplers/dpm_solver_equations.h"
#include "samplers/noise.h"
#include "samplers/posterior.h"
#include "samplers/samplers.h"
#include "samplers/solver.h"
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
        field("spacing", &O::spacing, "which training times are visited")
            .one_of({"leading", "linspace", "trailing", "ddim", "section"}),
        field("steps_offset", &O::steps_offset, "added to each time of leading spacing").range(0, 999),
        field("previous", &O::previous, "the time a step goes to: next in the list, or t - floor(T/steps) as diffusers does")
            .one_of({"next_step", "stride"}),
        field("final_alpha", &O::final_alpha, "alpha after the last step: 1, or that of the first time").one_of({"one", "first"}),
        field("eta", &O::eta, "0 = deterministic, 1 = the noise of DDPM").range(0, 1),
        field("clip", &O::clip, "predicted clean images are clipped to [-1, 1]"),
        field("rederive_eps", &O::rederive_eps,
              "after clipping, take eps from the clipped image (guided-diffusion; not diffusers)")};
  }
};

namespace {

struct DdimPlan : SolverPlan {
  DdimOptions options;
  std::uint64_t seed = 0;
  std::vector<NoiseLevel> targets;  ///< the level that each step goes to
};

/// DDIM eq. 12 without its noise term: x_s = alpha_s x0 + sqrt(sigma_s^2 - spread^2) eps, spread being the noise put back.
at::Tensor ddim_mean(const at::Tensor& x0, const at::Tensor& eps, const NoiseLevel& target, double spread) {
  const double direction = std::sqrt(std::max(target.sigma * target.sigma - spread * spread, 0.0));
  return x0 * target.alpha + eps * direction;
}

std::vector<NoiseLevel> ddim_targets(const DdimOptions& options, const NoiseSchedule& schedule, const Evaluations& evaluations) {
  const int n = options.steps, stride = schedule.train_steps() / n;
  const NoiseLevel last = options.final_alpha == "one" ? NoiseLevel{} : schedule.level(schedule.first_time());
  std::vector<NoiseLevel> targets;
  for (int i = 0; i < n; ++i) {
    const double next = i + 1 < n ? evaluations[i + 1].t.value : -1;
    const double target = options.previous == "stride" ? evaluations[i].t.value - stride : next;
    targets.push_back(target < schedule.first_time().value ? last : schedule.level(TrainTime{target}));
  }
  return targets;
}

DdimPlan ddim_plan(const DdimOptions& options, const SamplerContext& context) {
  DdimPlan plan;
  plan.options = options;
  plan.seed = context.seed;
  const auto times = spaced_times(options.spacing, options.steps, context.schedule.train_steps(), options.steps_offset);
  plan.evaluations = evaluations_at(times, context.schedule);
  plan.targets = ddim_targets(options, context.schedule, plan.evaluations);
  plan.final_level = plan.targets.back();
  plan.clip = options.clip;
  plan.is_deterministic = options.eta == 0;
  for (int i = 0; plan.is_deterministic && i < options.steps; ++i)
    plan.linear_steps.push_back(noise_form_step(i, plan.evaluations[i].level, plan.targets[i]));
  return plan;
}

class Ddim : public PlannedSolver {
 public:
  Ddim(std::shared_ptr<const DdimPlan> plan, at::Tensor x, Ids ids, SolverIndex from)
      : PlannedSolver("ddim", *plan, std::move(x), std::move(ids), from), plan_(std::move(plan)) {}

 private:
  at::Tensor advance(const StepView& step, const Prediction&) override {
    const NoiseLevel target = plan_->targets[step.index.value];
    const double spread = plan_->options.eta * std::sqrt(posterior_variance(step.level, target));
    const at::Tensor eps = plan_->options.rederive_eps ? eps_from_x0(step.x, step.x0, step.level) : step.eps;
    const at::Tensor x = ddim_mean(step.x0, eps, target, spread);
    return spread > 0 ? x + sampler_noise(plan_->seed, step.index, *step.ids, x) * spread : x;
  }

  std::shared_ptr<const DdimPlan> plan_;
};

}  // namespace

Plugin<SamplerFactory, const SamplerContext&> ddim_sampler() {
  return make_plugin<SamplerFactory, DdimOptions, const SamplerContext&>(
      "ddim", "DDIM (arXiv:2010.02502), first order, deterministic unless eta > 0",
      [](const DdimOptions& options, const SamplerContext& context) -> std::unique_ptr<SamplerFactory> {
        return std::make_unique<PlannedFactory<Ddim, DdimPlan>>(ddim_plan(options, context));
      });
}

}  // namespace alea
