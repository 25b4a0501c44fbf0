#pragma once

#include <array>
#include <string>
#include <vector>

#include "metrics/jackknife.h"
#include "protocols/components.h"
#include "protocols/solver_steps.h"
#include "results/record.h"
#include "store/store.h"

namespace alea {

inline constexpr std::array<double, 5> kStepQuantiles = {0.05, 0.25, 0.5, 0.75, 0.95};

/// One statistic at each step of its window, for the images that are finite: U_t per element of the network's space.
struct StepScores {
  std::string statistic;
  std::vector<int> window;                   ///< [W] solver indices, ascending
  std::vector<std::vector<double>> columns;  ///< [W][n]
};

/// What the stepwise protocol reads from a run's folder.
struct StepwiseInput {
  std::vector<std::uint64_t> ids;  ///< [n] ascending
  std::uint64_t non_finite = 0;    ///< images left out
  std::vector<StepScores> statistics;
};

/// Statistics of estimators that look at steps. Error{io} for a missing block, Error{shape} naming the array, expected and found.
StepwiseInput read_stepwise_input(const Store& store, const Components& components, const SolverOutline& outline);

/// Mean and spread over images, step by step.
struct StepCurves {
  std::vector<double> mean, standard_error, sd;                        ///< [W]
  std::array<std::vector<double>, kStepQuantiles.size()> percentiles;  ///< [W] each
  std::vector<std::vector<double>> leave_one_out;                      ///< [W][32] means without a jackknife group
};

StepCurves step_curves(const StepScores& scores, const std::vector<std::uint64_t>& ids);

/// The same where each step's numbers are divided by what is given for it, [W].
StepCurves divided(StepCurves curves, const std::vector<double>& by);

/// sigma^2 of each step of the window: U_t / sigma_t^2 is what the paper's Sec. 3.5 takes for the diagonal of the Fisher
/// information.
std::vector<double> noise_variances(const std::vector<int>& window, const SolverOutline& outline);

/// <what>.<statistic>.step<i> at the first, each tenth and the last solver index of the window, and <what>.<statistic>.peak, the
/// index of the largest mean.
std::vector<MetricRow> step_rows(const std::string& what, const StepScores& scores, const StepCurves& curves,
                                 const SolverOutline& outline, std::uint64_t n);

/// <what>/<statistic>/{index,time,sigma,mean,standard_error,sd,p05,p25,p50,p75,p95}, [W] each.
void add_step_curves(const std::string& what, const StepScores& scores, const StepCurves& curves, const SolverOutline& outline,
                     ArrayMap& out);

}  // namespace alea
