#include <ATen/TensorOperators.h>
#include <ATen/ops/exp.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "samplers/noise.h"
#include "samplers/posterior.h"
#include "samplers/samplers.h"
#include "samplers/timesteps.h"

namespace alea {
namespace {

struct DdpmOptions {
  int steps = 1000;
  std::string spacing = "leading";
  int steps_offset = 0;
  std::string variance = "fixed_small";
  bool clip = true;
};

}  // namespace

template <>
struct Fields<DdpmOptions> {
  static auto table() {
    using O = DdpmOptions;
    return std::tuple{
        field("steps", &O::steps, "solver steps = network evaluations").range(1, 1000),
        field("spacing", &O::spacing, "which training times are visited")
            .one_of({"leading", "linspace", "trailing", "ddim", "section"}),
        field("steps_offset", &O::steps_offset, "added to each time of leading spacing").range(0, 999),
        field("variance", &O::variance, "of the posterior, of the forward step, or what the network learned between the two")
            .one_of({"fixed_small", "fixed_large", "learned"}),
        field("clip", &O::clip, "predicted clean images are clipped to [-1, 1]")};
  }
};

namespace {

struct DdpmPlan : SolverPlan {
  DdpmOptions options;
  std::uint64_t seed = 0;
};

DdpmPlan ddpm_plan(const DdpmOptions& options, const SamplerContext& context) {
  DdpmPlan plan;
  plan.options = options;
  plan.seed = context.seed;
  const auto times = spaced_times(options.spacing, options.steps, context.schedule.train_steps(), options.steps_offset);
  plan.evaluations = evaluations_at(times, context.schedule);
  plan.clip = options.clip;
  plan.is_deterministic = options.steps == 1;
  return plan;
}

/// Improved DDPM (arXiv:2102.09672) eq. 15: log variance = f log beta + (1 - f) log posterior variance. Its root, [B, C, H, W].
at::Tensor learned_spread(const at::Tensor& fraction, double largest, double smallest) {
  const double low = std::log(std::max(smallest, 1e-20)), high = std::log(std::max(largest, 1e-20));
  return at::exp((fraction * (high - low) + low) * 0.5);
}

class Ddpm : public PlannedSolver {
 public:
  Ddpm(std::shared_ptr<const DdpmPlan> plan, at::Tensor x, Ids ids, SolverIndex from)
      : PlannedSolver("ddpm", *plan, std::move(x), std::move(ids), from), plan_(std::move(plan)) {}

 private:
  at::Tensor advance(const StepView& step, const Prediction& prediction) override {
    const NoiseLevel target = plan_->level_after(step.index);
    const at::Tensor mean = posterior_mean(step.x, step.x0, step.level, target);
    if (plan_->is_last(step.index)) return mean;
    const at::Tensor noise = sampler_noise(plan_->seed, step.index, *step.ids, step.x);
    return mean + spread_of(noise, step.level, target, prediction);
  }

  at::Tensor spread_of(const at::Tensor& noise, const NoiseLevel& t, const NoiseLevel& s, const Prediction& prediction) const {
    const double largest = transition_variance(t, s), smallest = posterior_variance(t, s);
    if (plan_->options.variance == "fixed_small") return noise * std::sqrt(smallest);
    if (plan_->options.variance == "fixed_large") return noise * std::sqrt(largest);
    if (!prediction.variance_fraction.defined())
      fail(ErrorCode::config, "ddpm: variance \"learned\" needs a network that predicts one; use fixed_small or fixed_large");
    return noise * learned_spread(prediction.variance_fraction, largest, smallest);
  }

  std::shared_ptr<const DdpmPlan> plan_;
};

}  // namespace

Plugin<SamplerFactory, const SamplerContext&> ddpm_sampler() {
  return make_plugin<SamplerFactory, DdpmOptions, const SamplerContext&>(
      "ddpm", "ancestral sampling (DDPM, arXiv:2006.11239), with fixed or learned variance (arXiv:2102.09672)",
      [](const DdpmOptions& options, const SamplerContext& context) -> std::unique_ptr<SamplerFactory> {
        return std::make_unique<PlannedFactory<Ddpm, DdpmPlan>>(ddpm_plan(options, context));
      });
}

}  // namespace alea
