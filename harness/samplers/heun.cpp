#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "samplers/dpm_solver_equations.h"
#include "samplers/level_grid.h"
#include "samplers/samplers.h"

namespace alea {
namespace {

struct HeunOptions {
  int steps = 18;
  double rho = 7;
  std::optional<double> sigma_max, sigma_min;
};

}  // namespace

template <>
struct Fields<HeunOptions> {
  static auto table() {
    using O = HeunOptions;
    return std::tuple{
        field("steps", &O::steps, "solver steps; network evaluations are twice as many less one").range(1, 1000),
        field("rho", &O::rho, "levels are even in (sigma/alpha)^(1/rho)").range(1, 100),
        field("sigma_max", &O::sigma_max, "first sigma/alpha, at most the schedule's at time T-1; null: that").range(1e-6, 1e6),
        field("sigma_min", &O::sigma_min, "last sigma/alpha but zero, at least the schedule's at its first time; null: that")
            .range(1e-6, 1e6)};
  }
};

namespace {

/// Like EDM's own sampler, no noisier and no cleaner than the network was trained for.
std::vector<double> heun_lambdas(const HeunOptions& options, const NoiseSchedule& schedule) {
  const double high = std::exp(-first_lambda(schedule, {})), low = std::exp(-last_lambda(schedule));
  const double first = std::clamp(options.sigma_max.value_or(high), low, high);
  const double last = std::clamp(options.sigma_min.value_or(low), low, high);
  if (!(last < first))
    fail(ErrorCode::config, "heun: sigma_min must lie below sigma_max, found {} and {} within the schedule's {} to {}", last,
         first, low, high);
  std::vector<double> lambdas;
  for (const double sigma : karras_sigmas(first, last, options.steps, options.rho)) lambdas.push_back(-std::log(sigma));
  return lambdas;
}

SolverPlan heun_plan(const HeunOptions& options, const NoiseSchedule& schedule) {
  const Evaluations steps = evaluations_at_lambdas(heun_lambdas(options, schedule), schedule, false);
  SolverPlan plan;
  for (std::size_t i = 0; i < steps.size(); ++i) plan.evaluations.insert(plan.evaluations.end(), i == 0 ? 1 : 2, steps[i]);
  plan.continues = every_second(plan.evaluations.size());
  return plan;
}

/// EDM's Algorithm 1 in x = alpha y: Euler to the next level, and from the start again with the mean of both ends' slopes, which
/// dy/d(sigma/alpha) = eps are. The last step, to zero, is Euler's.
class Heun : public PlannedSolver {
 public:
  Heun(std::shared_ptr<const SolverPlan> plan, at::Tensor x, Ids ids, SolverIndex from)
      : PlannedSolver("heun", *plan, std::move(x), std::move(ids), from), plan_(std::move(plan)) {}

 private:
  at::Tensor advance(const StepView& step, const Prediction&) override {
    const std::size_t i = step.index.value;
    if (i % 2 == 1) return noise_form_order_1(start_, (start_eps_ + step.eps) / 2, plan_->evaluations[i - 1].level, step.level);
    start_ = step.x;
    start_eps_ = step.eps;
    return noise_form_order_1(step.x, step.eps, step.level, plan_->level_after(step.index));
  }

  std::shared_ptr<const SolverPlan> plan_;
  at::Tensor start_, start_eps_;
};

}  // namespace

Plugin<SamplerFactory, const SamplerContext&> heun_sampler() {
  return make_plugin<SamplerFactory, HeunOptions, const SamplerContext&>(
      "heun", "EDM's second order (arXiv:2206.00364, Algorithm 1) over its own levels, deterministic",
      [](const HeunOptions& options, const SamplerContext& context) -> std::unique_ptr<SamplerFactory> {
        return std::make_unique<PlannedFactory<Heun, SolverPlan>>(heun_plan(options, context.schedule));
      });
}

}  // namespace alea
