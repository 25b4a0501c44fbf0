#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "samplers/sampler.h"

namespace alea {

/// One statistic of an estimator for B images.
struct UncertaintyOutput {
  std::string name;        ///< "aleatoric.variance"
  at::Tensor step_scores;  ///< [B, W] float64: sum over elements of U_t, one column a step of the window
  at::Tensor map;          ///< [B, C, H, W] float32: sum of U_t over the window; undefined for estimators without maps
};

/// Watches one trajectory of B images. A new one is made for each micro-batch.
class Estimator {
 public:
  virtual ~Estimator() = default;
  /// Evaluations wanted at this step, each a query of B rows; none before the window. The answers to those of one step are there
  /// before the next step's are asked for, so that a chain of evaluations may go on through the steps behind the window.
  virtual std::vector<Query> rows(const StepView& step) = 0;
  /// The answers to rows(step), in order.
  virtual void consume(const StepView& step, std::span<const Prediction> answers) = 0;
  /// True where the trajectory depends on the estimate; otherwise its rows ride with the next step's base row.
  virtual bool needed_before_advance() const = 0;
  /// What the sampler's own evaluation at this index must say for it beside eps; costs no evaluation.
  virtual Want base_want(SolverIndex) const { return {}; }
  /// The noise that the sampler goes on with, after consume(); step.eps unless the estimator is needed before the advance.
  virtual at::Tensor path_eps(const StepView& step) const { return step.eps; }

  /// Whole trajectories beside the sampler's own, from the same start: each evaluation with `companion_want`, its answer's noise
  /// put in the place of the network's.
  virtual int companions() const { return 0; }
  virtual Want companion_want() const { return {}; }
  virtual at::Tensor companion_eps(int /*companion*/, const Prediction& answer) const { return answer.eps; }
  /// Their samples [B, C, H, W], after the last step and before outputs().
  virtual void consume_companions(std::span<const at::Tensor> /*samples*/) {}

  /// After the last step.
  virtual std::vector<UncertaintyOutput> outputs() const = 0;
};

class EstimatorFactory {
 public:
  virtual ~EstimatorFactory() = default;
  virtual std::unique_ptr<Estimator> start(const Ids& ids) const = 0;
  virtual std::vector<std::string> statistics() const = 0;  ///< names of outputs(), in order
  /// The solver index of each column of step_scores; empty for a score that belongs to no step (one column then).
  virtual std::vector<SolverIndex> window(int n_steps) const = 0;
  virtual int extra_nfe() const = 0;  ///< network evaluations an image beyond the sampler's
  /// What records must say of these options: where they leave the method that they are named after, a sentence each.
  virtual std::vector<std::string> departures() const { return {}; }
};

}  // namespace alea
