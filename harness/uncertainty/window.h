#pragma once

#include <optional>
#include <vector>

#include "models/noise_schedule.h"

namespace alea {

/// Solver indices first..last, both inclusive, of a sampler of n_steps steps.
class Window {
 public:
  /// Error{config} unless 0 <= first <= last < n_steps.
  Window(int first, int last, int n_steps);

  int size() const { return last_ - first_ + 1; }
  std::vector<SolverIndex> indices() const;
  /// Place of the index in the window, or nothing outside it.
  std::optional<int> column(SolverIndex index) const;

 private:
  int first_ = 0, last_ = 0;
};

}  // namespace alea
