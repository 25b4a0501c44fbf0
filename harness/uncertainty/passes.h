#pragma once

#include <functional>

#include "uncertainty/spread_sums.h"
#include "uncertainty/window.h"

namespace alea {

/// M evaluations of x_t itself by a network that is disturbed in another way each time.
struct PassesPlan {
  SpreadStatistics statistics;
  Window window;
  std::function<Mode(SolverIndex, int pass)> mode;
  std::vector<std::string> departures = {};
};

/// The estimator of a plan: the spread of the M answers about the undisturbed one.
std::unique_ptr<EstimatorFactory> make_passes_estimator(PassesPlan plan);

}  // namespace alea
