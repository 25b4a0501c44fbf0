#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "uncertainty/estimator.h"

namespace alea {

/// Changes the eps that a sampler is fed, on one trajectory of B images: a state machine as a sampler is. At each step begin(),
/// then next() and feed() until next() has no more questions, then eps() once.
class Guide {
 public:
  virtual ~Guide() = default;
  virtual void begin(const StepView& step) = 0;
  /// What it must know next about this step: a query of B rows, or nothing.
  virtual std::optional<Query> next() = 0;
  virtual void feed(const Prediction& answer) = 0;
  /// [B, C, H, W], of the network's dtype: what the sampler is fed; the step's own eps outside the guide's window.
  virtual at::Tensor eps() = 0;
  /// Rows that gradients were carried back through so far.
  virtual std::uint64_t backward_rows() const = 0;
  /// After the last step; maps are undefined.
  virtual std::vector<UncertaintyOutput> outputs() const = 0;
};

/// Makes one guide a micro-batch.
class GuideFactory {
 public:
  virtual ~GuideFactory() = default;
  virtual std::unique_ptr<Guide> start(const Ids& ids) const = 0;
  virtual std::vector<std::string> statistics() const = 0;  ///< names of outputs(), in order
  virtual std::vector<SolverIndex> window() const = 0;      ///< the solver index of each column of their step_scores
  virtual int nfe() const = 0;  ///< network evaluations an image beyond the sampler's; a backward counts as two
};

}  // namespace alea
