#include "core/error.h"
#include "samplers/dpm_solver_equations.h"
#include "samplers/level_grid.h"
#include "samplers/samplers.h"

namespace alea {
namespace {

struct DpmSolver2Options {
  int steps = 50;
  std::string spacing = "logsnr";
  std::optional<double> lambda_min_clipped = -5.1;
};

}  // namespace

template <>
struct Fields<DpmSolver2Options> {
  static auto table() {
    using O = DpmSolver2Options;
    return std::tuple{
        field("steps", &O::steps, "network evaluations, two an outer step").range(2, 1000),
        field("spacing", &O::spacing, "outer steps even in ln(alpha/sigma) or in time").one_of({"logsnr", "time"}),
        field("lambda_min_clipped", &O::lambda_min_clipped, "begin no noisier than this ln(alpha/sigma)").range(-50, 50)};
  }
};

namespace {

SolverPlan dpm_solver_2_plan(const DpmSolver2Options& options, const NoiseSchedule& schedule) {
  if (options.steps % 2 != 0)
    fail(ErrorCode::config, "dpm_solver_2 evaluates twice an outer step: steps must be even, found {}", options.steps);
  const Evaluations outer = continuous_grid(options.spacing, options.steps / 2 + 1, schedule, options.lambda_min_clipped);
  SolverPlan plan;
  for (std::size_t i = 0; i + 1 < outer.size(); ++i) {
    const double middle = half_log_snr(outer[i].level) + log_snr_gain(outer[i].level, outer[i + 1].level) / 2;
    plan.evaluations.push_back(outer[i]);
    plan.evaluations.push_back({schedule.time_of(middle), schedule.level_at(middle)});
  }
  plan.final_level = outer.back().level;
  plan.continues = every_second(plan.evaluations.size());
  for (int i = 0; i < options.steps; ++i) {
    const int from = i - i % 2;
    plan.linear_steps.push_back(noise_form_step(from, plan.evaluations[from].level, plan.level_after({i})));
  }
  return plan;
}

/// An evaluation at the start of an outer step leads to its middle in lambda, that of the middle over the whole step.
class DpmSolver2 : public PlannedSolver {
 public:
  DpmSolver2(std::shared_ptr<const SolverPlan> plan, at::Tensor x, Ids ids, SolverIndex from)
      : PlannedSolver("dpm_solver_2", *plan, std::move(x), std::move(ids), from), plan_(std::move(plan)) {}

 private:
  at::Tensor advance(const StepView& step, const Prediction&) override {
    const std::size_t i = step.index.value;
    const NoiseLevel target = plan_->level_after(step.index);
    if (i % 2 == 0) start_ = step.x;
    const NoiseLevel start = plan_->evaluations[i - i % 2].level;
    return noise_form_order_1(start_, step.eps, start, target);
  }

  std::shared_ptr<const SolverPlan> plan_;
  at::Tensor start_;
};

}  // namespace

Plugin<SamplerFactory, const SamplerContext&> dpm_solver_2_sampler() {
  return make_plugin<SamplerFactory, DpmSolver2Options, const SamplerContext&>(
      "dpm_solver_2", "DPM-Solver-2 (arXiv:2206.00927, Algorithm 1), singlestep in noise form, deterministic; BayesDiff's 2-DPM",
      [](const DpmSolver2Options& options, const SamplerContext& context) -> std::unique_ptr<SamplerFactory> {
        return std::make_unique<PlannedFactory<DpmSolver2, SolverPlan>>(dpm_solver_2_plan(options, context.schedule));
      });
}

}  // namespace alea
