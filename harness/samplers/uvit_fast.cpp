#include "samplers/dpm_solver_equations.h"
#include "samplers/level_grid.h"
#include "samplers/samplers.h"

namespace alea {
namespace {

struct UvitFastOptions {
  int steps = 50;
  std::string spacing = "time";
};

}  // namespace

template <>
struct Fields<UvitFastOptions> {
  static auto table() {
    using O = UvitFastOptions;
    return std::tuple{
        field("steps", &O::steps, "network evaluations").range(1, 1000),
        field("spacing", &O::spacing, "evaluations even in time, or in ln(alpha/sigma)").one_of({"time", "logsnr"})};
  }
};

namespace {

/// One singlestep method: which evaluations of the list it makes, and of what order.
struct Block {
  int first = 0;
  int order = 1;
};

struct UvitFastPlan : SolverPlan {
  std::vector<Block> block_of;  ///< of each evaluation
};

/// Blocks of third order, and a smaller last one or two, so that the evaluations are `steps` (DPM-Solver, section 3.4).
std::vector<int> block_orders(int steps) {
  std::vector<int> orders(steps / 3, 3);
  if (steps % 3 != 0) {
    orders.push_back(steps % 3);
  } else {
    orders.back() = 2;
    orders.push_back(1);
  }
  return orders;
}

UvitFastPlan uvit_fast_plan(const UvitFastOptions& options, const NoiseSchedule& schedule) {
  UvitFastPlan plan;
  plan.evaluations = continuous_grid(options.spacing, options.steps + 1, schedule, std::nullopt);
  plan.final_level = plan.evaluations.back().level;
  plan.evaluations.pop_back();
  int first = 0;
  for (const int order : block_orders(options.steps)) {
    plan.block_of.insert(plan.block_of.end(), order, Block{first, order});
    plan.continues.push_back(false);
    plan.continues.resize(plan.block_of.size(), true);
    first += order;
  }
  return plan;
}

/// DPM-Solver++ in data form, singlestep: from where its block began each evaluation leads to the next, with a slope as soon as
/// there are two clean images.
class UvitFast : public PlannedSolver {
 public:
  UvitFast(std::shared_ptr<const UvitFastPlan> plan, at::Tensor x, Ids ids, SolverIndex from)
      : PlannedSolver("uvit_fast", *plan, std::move(x), std::move(ids), from), plan_(std::move(plan)) {}

 private:
  at::Tensor advance(const StepView& step, const Prediction&) override {
    const int i = step.index.value;
    const Block block = plan_->block_of[i];
    const NoiseLevel start = plan_->evaluations[block.first].level, target = plan_->level_after(step.index);
    if (i == block.first) {
      start_ = step.x;
      start_x0_ = step.x0;
      return data_form_order_1(start_, start_x0_, start, target);
    }
    const double r = log_snr_gain(start, step.level) / log_snr_gain(start, target);
    const SlopeRule rule = block.order == 2 ? SlopeRule::midpoint : SlopeRule::heun;
    return data_form_order_2(start_, start_x0_, slope_of(start_x0_, step.x0, r), start, target, rule);
  }

  std::shared_ptr<const UvitFastPlan> plan_;
  at::Tensor start_, start_x0_;
};

}  // namespace

Plugin<SamplerFactory, const SamplerContext&> uvit_fast_sampler() {
  return make_plugin<SamplerFactory, UvitFastOptions, const SamplerContext&>(
      "uvit_fast", "U-ViT's own sampler: DPM-Solver++ singlestep of third order, \"fast\" (arXiv:2211.01095), deterministic",
      [](const UvitFastOptions& options, const SamplerContext& context) -> std::unique_ptr<SamplerFactory> {
        return std::make_unique<PlannedFactory<UvitFast, UvitFastPlan>>(uvit_fast_plan(options, context.schedule));
      });
}

}  // namespace alea
