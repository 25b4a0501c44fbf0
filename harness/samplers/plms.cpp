#include <ATen/TensorOperators.h>

#include <deque>

#include "samplers/dpm_solver_equations.h"
#include "samplers/samplers.h"
#include "samplers/timesteps.h"

namespace alea {
namespace {

struct PlmsOptions {
  int steps = 50;
  int steps_offset = 0;
  std::string final_alpha = "first";
};

}  // namespace

template <>
struct Fields<PlmsOptions> {
  static auto table() {
    using O = PlmsOptions;
    return std::tuple{field("steps", &O::steps, "solver steps; network evaluations are one more").range(1, 1000),
                      field("steps_offset", &O::steps_offset, "added to each time; Stable Diffusion: 1").range(0, 999),
                      field("final_alpha", &O::final_alpha, "alpha after the last step: 1, or that of the first time")
                          .one_of({"one", "first"})};
  }
};

namespace {

SolverPlan plms_plan(const PlmsOptions& options, const NoiseSchedule& schedule) {
  SolverPlan plan;
  const auto times = spaced_times("leading", options.steps, schedule.train_steps(), options.steps_offset);
  plan.evaluations = evaluations_at(times, schedule);
  if (options.steps > 1) plan.evaluations.insert(plan.evaluations.begin() + 1, plan.evaluations[1]);
  plan.continues.assign(plan.evaluations.size(), true);
  plan.continues.front() = false;
  if (options.final_alpha == "first") plan.final_level = schedule.level(schedule.first_time());
  return plan;
}

/// Adams-Bashforth of order history.size() = 1..4, newest first (PNDM, arXiv:2202.09778, eq. 9 and appendix D).
at::Tensor adams_bashforth(const std::deque<at::Tensor>& e) {
  switch (e.size()) {
    case 1:
      return e[0];
    case 2:
      return (e[0] * 3 - e[1]) / 2;
    case 3:
      return (e[0] * 23 - e[1] * 16 + e[2] * 5) / 12;
    default:
      return (e[0] * 55 - e[1] * 59 + e[2] * 37 - e[3] * 9) / 24;
  }
}

/// Heun's rule over the first step, its second evaluation not remembered; then Adams-Bashforth of growing order.
class Plms : public PlannedSolver {
 public:
  Plms(std::shared_ptr<const SolverPlan> plan, at::Tensor x, Ids ids, SolverIndex from)
      : PlannedSolver("plms", *plan, std::move(x), std::move(ids), from), plan_(std::move(plan)) {}

 private:
  at::Tensor advance(const StepView& step, const Prediction&) override {
    const std::size_t i = step.index.value;
    if (i == 1) return noise_form_order_1(start_, (step.eps + history_.front()) / 2, plan_->evaluations[0].level, step.level);
    if (i == 0) start_ = step.x;
    history_.push_front(step.eps);
    if (history_.size() > 4) history_.pop_back();
    return noise_form_order_1(step.x, adams_bashforth(history_), step.level, plan_->level_after(step.index));
  }

  std::shared_ptr<const SolverPlan> plan_;
  at::Tensor start_;
  std::deque<at::Tensor> history_;
};

}  // namespace

Plugin<SamplerFactory, const SamplerContext&> plms_sampler() {
  return make_plugin<SamplerFactory, PlmsOptions, const SamplerContext&>(
      "plms", "PLMS (PNDM, arXiv:2202.09778) without its Runge-Kutta start, deterministic; Stable Diffusion's",
      [](const PlmsOptions& options, const SamplerContext& context) -> std::unique_ptr<SamplerFactory> {
        return std::make_unique<PlannedFactory<Plms, SolverPlan>>(plms_plan(options, context.schedule));
      });
}

}  // namespace alea
