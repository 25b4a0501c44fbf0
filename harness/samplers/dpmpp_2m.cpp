#include <tuple>

#include "samplers/dpm_solver_equations.h"
#include "samplers/level_grid.h"
#include "samplers/samplers.h"

namespace alea {
namespace {

struct Dpmpp2mOptions : DpmGridOptions {
  std::string solver = "midpoint";
  bool lower_order_final = true;
  bool euler_at_final = false;
};

}  // namespace

template <>
struct Fields<Dpmpp2mOptions> {
  static auto table() {
    using O = Dpmpp2mOptions;
    return std::tuple_cat(
        dpm_grid_fields<O>(),
        std::tuple{field("solver", &O::solver, "rule of the second order").one_of({"midpoint", "heun"}),
                   field("lower_order_final", &O::lower_order_final, "below 15 steps the last one is of first order"),
                   field("euler_at_final", &O::euler_at_final, "the last step is of first order, however many there are")});
  }
};

namespace {

constexpr int kFewSteps = 15;

struct Dpmpp2mPlan : SolverPlan {
  SlopeRule rule = SlopeRule::midpoint;
  bool is_last_of_order_1 = false;

  /// The step before, in lengths of this one; nothing where this one is of first order.
  std::optional<double> step_ratio(SolverIndex at) const {
    if (at.value == 0 || (is_last(at) && is_last_of_order_1)) return std::nullopt;
    const NoiseLevel here = evaluations[at.value].level;
    return log_snr_gain(evaluations[at.value - 1].level, here) / log_snr_gain(here, level_after(at));
  }
};

Dpmpp2mPlan dpmpp_2m_plan(const Dpmpp2mOptions& options, const NoiseSchedule& schedule) {
  Dpmpp2mPlan plan;
  plan.evaluations = dpm_grid(options, schedule);
  plan.final_level = dpm_final_level(options, schedule);
  plan.rule = options.solver == "heun" ? SlopeRule::heun : SlopeRule::midpoint;
  plan.is_last_of_order_1 =
      options.euler_at_final || options.final_sigma == "zero" || (options.lower_order_final && options.steps < kFewSteps);
  for (int i = 0; i < options.steps; ++i)
    plan.linear_steps.push_back(
        data_form_step(i, plan.evaluations[i].level, plan.level_after({i}), plan.step_ratio({i}), plan.rule));
  return plan;
}

/// Each step but the first takes its slope from the clean image of the step before.
class Dpmpp2m : public PlannedSolver {
 public:
  Dpmpp2m(std::shared_ptr<const Dpmpp2mPlan> plan, at::Tensor x, Ids ids, SolverIndex from)
      : PlannedSolver("dpmpp_2m", *plan, std::move(x), std::move(ids), from), plan_(std::move(plan)) {}

 private:
  at::Tensor advance(const StepView& step, const Prediction&) override {
    const at::Tensor earlier = std::exchange(earlier_x0_, step.x0);
    const NoiseLevel target = plan_->level_after(step.index);
    const auto r = earlier.defined() ? plan_->step_ratio(step.index) : std::nullopt;  // begun midway: no clean image before
    if (!r) return data_form_order_1(step.x, step.x0, step.level, target);
    return data_form_order_2(step.x, step.x0, slope_of(earlier, step.x0, *r), step.level, target, plan_->rule);
  }

  std::shared_ptr<const Dpmpp2mPlan> plan_;
  at::Tensor earlier_x0_;
};

}  // namespace

Plugin<SamplerFactory, const SamplerContext&> dpmpp_2m_sampler() {
  return make_plugin<SamplerFactory, Dpmpp2mOptions, const SamplerContext&>(
      "dpmpp_2m", "DPM-Solver++ 2M (arXiv:2211.01095), multistep, second order, deterministic; the paper's 2-DPM",
      [](const Dpmpp2mOptions& options, const SamplerContext& context) -> std::unique_ptr<SamplerFactory> {
        return std::make_unique<PlannedFactory<Dpmpp2m, Dpmpp2mPlan>>(dpmpp_2m_plan(options, context.schedule));
      });
}

}  // namespace alea
