#include "samplers/solver.h"

#include <ATen/ops/clamp.h>

#include "core/error.h"

namespace alea {

at::Tensor clean_image(const at::Tensor& x, const Prediction& prediction, const NoiseLevel& level) {
  return prediction.x0.defined() ? prediction.x0 : predict_x0(x, prediction.eps, level);
}

PlannedSolver::PlannedSolver(const char* kind, const SolverPlan& plan, at::Tensor x, Ids ids, SolverIndex from)
    : kind_(kind), plan_(plan), x_(std::move(x)), ids_(std::move(ids)), index_(from.value) {
  if (x_.dim() != 4 || x_.size(0) != static_cast<std::int64_t>(ids_.size()))
    fail(ErrorCode::shape, "{}: expected x [B, C, H, W] with B = {} ids, found {} dimensions", kind_, ids_.size(), x_.dim());
  if (from.value < 0 || from.value >= static_cast<int>(plan.evaluations.size()) || !plan.can_begin(from))
    fail(ErrorCode::domain, "{}: no trajectory of {} evaluations can begin at {}", kind_, plan.evaluations.size(), from.value);
}

std::vector<Beginning> beginnings_of(const SolverPlan& plan) {
  std::vector<Beginning> out;
  for (int i = 0; i < static_cast<int>(plan.evaluations.size()); ++i)
    if (plan.can_begin({i})) out.push_back({{i}, plan.evaluations[i].t, plan.evaluations[i].level});
  return out;
}

std::vector<bool> every_second(std::size_t n_evaluations) {
  std::vector<bool> out(n_evaluations);
  for (std::size_t i = 1; i < n_evaluations; i += 2) out[i] = true;
  return out;
}

std::optional<Query> PlannedSolver::next() {
  if (is_finished()) return std::nullopt;
  return Query{.x = x_, .t = here().t, .ids = ids_};
}

StepView PlannedSolver::view(const Prediction& prediction) const {
  ALEA_CHECK(!is_finished(), "{}: a view past the last evaluation", kind_);
  const at::Tensor x0 = clean_image(x_, prediction, here().level);
  return {.index = {index_},
          .n_steps = static_cast<int>(plan_.evaluations.size()),
          .t = here().t,
          .level = here().level,
          .x = x_,
          .eps = prediction.eps,
          .x0 = plan_.clip ? at::clamp(x0, -1, 1) : x0,
          .unclipped_x0 = x0,
          .clips = plan_.clip,
          .next = plan_.level_after({index_}),
          .last_layer_input = prediction.last_layer_input,
          .ids = &ids_};
}

void PlannedSolver::feed(const Prediction& prediction) {
  x_ = advance(view(prediction), prediction);
  ++index_;
}

at::Tensor PlannedSolver::sample() const {
  ALEA_CHECK(is_finished(), "{}: sample() after {} of {} evaluations", kind_, index_, plan_.evaluations.size());
  return x_;
}

}  // namespace alea
