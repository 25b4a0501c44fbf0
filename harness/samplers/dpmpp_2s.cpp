#include <tuple>

#include "core/error.h"
#include "samplers/dpm_solver_equations.h"
#include "samplers/level_grid.h"
#include "samplers/samplers.h"

namespace alea {
namespace {

struct Dpmpp2sOptions : DpmGridOptions {
  std::string solver = "midpoint";
  bool lower_order_final = true;
};

}  // namespace

template <>
struct Fields<Dpmpp2sOptions> {
  static auto table() {
    using O = Dpmpp2sOptions;
    return std::tuple_cat(
        dpm_grid_fields<O>(),
        std::tuple{field("solver", &O::solver, "rule of the second order").one_of({"midpoint", "heun"}),
                   field("lower_order_final", &O::lower_order_final, "the last step is of first order; false needs even steps")});
  }
};

namespace {

struct Dpmpp2sPlan : SolverPlan {
  SlopeRule rule = SlopeRule::midpoint;
  bool is_last_of_order_1 = true;
};

Dpmpp2sPlan dpmpp_2s_plan(const Dpmpp2sOptions& options, const NoiseSchedule& schedule) {
  if (!options.lower_order_final && options.steps % 2 != 0)
    fail(ErrorCode::config, "dpmpp_2s takes evaluations in pairs: lower_order_final = false needs even steps, found {}",
         options.steps);
  if (!options.lower_order_final && options.final_sigma == "zero")
    fail(ErrorCode::config,
         "dpmpp_2s reaches sigma = 0 only by a last step of first order: lower_order_final = false needs "
         "final_sigma \"sigma_min\"");
  Dpmpp2sPlan plan;
  plan.evaluations = dpm_grid(options, schedule);
  plan.final_level = dpm_final_level(options, schedule);
  plan.rule = options.solver == "heun" ? SlopeRule::heun : SlopeRule::midpoint;
  plan.is_last_of_order_1 = options.lower_order_final;
  plan.continues = every_second(plan.evaluations.size());
  return plan;
}

/// Evaluations come in pairs. The first takes a step of first order; the second starts again from where the pair began, and with
/// both clean images takes a step of second order over the whole pair. A last step of first order belongs to no pair.
class Dpmpp2s : public PlannedSolver {
 public:
  Dpmpp2s(std::shared_ptr<const Dpmpp2sPlan> plan, at::Tensor x, Ids ids, SolverIndex from)
      : PlannedSolver("dpmpp_2s", *plan, std::move(x), std::move(ids), from), plan_(std::move(plan)) {}

 private:
  at::Tensor advance(const StepView& step, const Prediction&) override {
    const std::size_t i = step.index.value;
    const NoiseLevel target = plan_->level_after(step.index);
    if (i % 2 == 0 || (plan_->is_last(step.index) && plan_->is_last_of_order_1)) {
      start_ = step.x;
      start_x0_ = step.x0;
      return data_form_order_1(step.x, step.x0, step.level, target);
    }
    const NoiseLevel start = plan_->evaluations[i - 1].level;
    const double r = log_snr_gain(start, step.level) / log_snr_gain(start, target);
    return data_form_order_2(start_, start_x0_, slope_of(start_x0_, step.x0, r), start, target, plan_->rule);
  }

  std::shared_ptr<const Dpmpp2sPlan> plan_;
  at::Tensor start_, start_x0_;
};

}  // namespace

Plugin<SamplerFactory, const SamplerContext&> dpmpp_2s_sampler() {
  return make_plugin<SamplerFactory, Dpmpp2sOptions, const SamplerContext&>(
      "dpmpp_2s", "DPM-Solver++ 2S (arXiv:2211.01095), singlestep, second order, deterministic",
      [](const Dpmpp2sOptions& options, const SamplerContext& context) -> std::unique_ptr<SamplerFactory> {
        return std::make_unique<PlannedFactory<Dpmpp2s, Dpmpp2sPlan>>(dpmpp_2s_plan(options, context.schedule));
      });
}

}  // namespace alea
