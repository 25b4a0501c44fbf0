#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>

#include "samplers/level_grid.h"
#include "samplers/samplers.h"

namespace alea {
namespace {

struct FlowEulerOptions {
  int steps = 28;
  std::optional<double> shift;
};

}  // namespace

template <>
struct Fields<FlowEulerOptions> {
  static auto table() {
    using O = FlowEulerOptions;
    return std::tuple{field("steps", &O::steps, "solver steps = network evaluations").range(1, 1000),
                      field("shift", &O::shift, "of the levels towards noise; null: the schedule's").range(1e-3, 1e3)};
  }
};

namespace {

/// How far along the straight path from image to noise: sigma / (alpha + sigma), which is sigma itself for flow.
double share_of_noise(const NoiseLevel& level) { return level.sigma / (level.alpha + level.sigma); }

/// Rectified flow (arXiv:2403.03206) eq. 23: s -> shift s / (1 + (shift - 1) s).
double shifted(double share, double shift) { return shift * share / (1 + (shift - 1) * share); }

SolverPlan flow_euler_plan(const FlowEulerOptions& options, const NoiseSchedule& schedule) {
  const double shift = options.shift.value_or(schedule.shift());
  const double noisiest = share_of_noise(schedule.level(schedule.last_time()));
  const double cleanest = share_of_noise(schedule.level(schedule.first_time()));
  std::vector<double> lambdas;
  for (const double even : evenly_spaced(shifted(noisiest, shift), shifted(cleanest, shift), options.steps)) {
    const double share = std::clamp(shifted(even, shift), cleanest, noisiest);
    lambdas.push_back(std::log1p(-share) - std::log(share));
  }
  SolverPlan plan;
  plan.evaluations = evaluations_at_lambdas(lambdas, schedule, false);
  return plan;
}

/// Euler's step along v = eps - x0 in y = x / (alpha + sigma): y_t = y_s + (share_t - share_s) v.
at::Tensor flow_step(const at::Tensor& x, const at::Tensor& v, const NoiseLevel& s, const NoiseLevel& t) {
  const double scale = (t.alpha + t.sigma) / (s.alpha + s.sigma);
  return x * scale + v * ((share_of_noise(t) - share_of_noise(s)) * (t.alpha + t.sigma));
}

class FlowEuler : public PlannedSolver {
 public:
  FlowEuler(std::shared_ptr<const SolverPlan> plan, at::Tensor x, Ids ids, SolverIndex from)
      : PlannedSolver("flow_euler", *plan, std::move(x), std::move(ids), from), plan_(std::move(plan)) {}

 private:
  at::Tensor advance(const StepView& step, const Prediction&) override {
    return flow_step(step.x, step.eps - step.x0, step.level, plan_->level_after(step.index));
  }

  std::shared_ptr<const SolverPlan> plan_;
};

}  // namespace

Plugin<SamplerFactory, const SamplerContext&> flow_euler_sampler() {
  return make_plugin<SamplerFactory, FlowEulerOptions, const SamplerContext&>(
      "flow_euler", "Euler's method along straight paths (rectified flow, arXiv:2403.03206), deterministic; Stable Diffusion 3's",
      [](const FlowEulerOptions& options, const SamplerContext& context) -> std::unique_ptr<SamplerFactory> {
        return std::make_unique<PlannedFactory<FlowEuler, SolverPlan>>(flow_euler_plan(options, context.schedule));
      });
}

}  // namespace alea
