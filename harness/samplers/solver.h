#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "samplers/sampler.h"

namespace alea {

/// Where a solver asks the network once.
struct Evaluation {
  TrainTime t;
  NoiseLevel level;
};

using Evaluations = std::vector<Evaluation>;

/// What all trajectories of one solver share. Solvers derive their own.
struct SolverPlan {
  Evaluations evaluations;  ///< noisiest first
  NoiseLevel final_level = {};
  bool is_deterministic = true;
  bool clip = false;                     ///< clean images to [-1, 1]
  std::vector<bool> continues;           ///< of each evaluation: it goes on with a step begun before; empty: none does
  std::vector<LinearStep> linear_steps;  ///< see SamplerFactory::linear_steps

  bool can_begin(SolverIndex at) const { return continues.empty() || !continues[at.value]; }
  bool is_last(SolverIndex at) const { return static_cast<std::size_t>(at.value) + 1 == evaluations.size(); }
  /// Where the step from an evaluation leads.
  NoiseLevel level_after(SolverIndex at) const { return is_last(at) ? final_level : evaluations[at.value + 1].level; }
};

/// The clean image that a prediction implies: its own where the network says one, else from eps.
at::Tensor clean_image(const at::Tensor& x, const Prediction& prediction, const NoiseLevel& level);

/// What solvers over a fixed list of evaluations do alike: ask at the next place, check shapes and turns, say where they are.
class PlannedSolver : public Sampler {
 public:
  /// Error{shape} unless x is [B, C, H, W] with B = ids.size(); Error{domain} where the plan can't begin at `from`.
  PlannedSolver(const char* kind, const SolverPlan& plan, at::Tensor x, Ids ids, SolverIndex from);

  std::optional<Query> next() final;
  StepView view(const Prediction& prediction) const final;
  void feed(const Prediction& prediction) final;
  at::Tensor sample() const final;

 protected:
  /// x at the next evaluation or, after the last one, the sample.
  virtual at::Tensor advance(const StepView& step, const Prediction& prediction) = 0;

 private:
  bool is_finished() const { return index_ == static_cast<int>(plan_.evaluations.size()); }
  const Evaluation& here() const { return plan_.evaluations[index_]; }

  const char* kind_;
  const SolverPlan& plan_;
  at::Tensor x_;
  Ids ids_;
  int index_ = 0;
};

std::vector<Beginning> beginnings_of(const SolverPlan& plan);

/// SolverPlan::continues of steps of two evaluations each.
std::vector<bool> every_second(std::size_t n_evaluations);

/// Hands one plan to every trajectory. Solver is made of (shared plan, x, ids, from) and keeps the plan alive.
template <class Solver, class Plan>
class PlannedFactory : public SamplerFactory {
 public:
  explicit PlannedFactory(Plan plan) : plan_(std::make_shared<const Plan>(std::move(plan))) {}

  std::unique_ptr<Sampler> start(at::Tensor x, Ids ids, SolverIndex from) const override {
    return std::make_unique<Solver>(plan_, std::move(x), std::move(ids), from);
  }
  std::vector<Beginning> beginnings() const override { return beginnings_of(*plan_); }
  int nfe() const override { return n_steps(); }
  int n_steps() const override { return static_cast<int>(plan_->evaluations.size()); }
  bool is_deterministic() const override { return plan_->is_deterministic; }
  NoiseLevel final_level() const override { return plan_->final_level; }
  bool clips() const override { return plan_->clip; }
  std::vector<LinearStep> linear_steps() const override { return plan_->linear_steps; }

 private:
  std::shared_ptr<const Plan> plan_;
};

}  // namespace alea
