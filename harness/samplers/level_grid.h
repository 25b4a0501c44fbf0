#pragma once

#include <optional>
#include <string>

#include "core/config.h"
#include "samplers/solver.h"

namespace alea {

/// n values from first to last, both included; first alone for n = 1.
std::vector<double> evenly_spaced(double first, double last, int n);

/// The sigma/alpha of EDM (arXiv:2206.00364) eq. 5, from `high` down to `low`: evenly spaced in their rho-th root.
std::vector<double> karras_sigmas(double high, double low, int n, double rho);

/// The schedule's places at given lambdas. Rounded: times to integers (halves to even), levels not, as diffusers does.
Evaluations evaluations_at_lambdas(const std::vector<double>& lambdas, const NoiseSchedule& schedule, bool round_times);

/// The noisiest lambda at which solvers in lambda begin: that of time T-1, or lambda_min where that is more.
double first_lambda(const NoiseSchedule& schedule, std::optional<double> lambda_min);
/// lambda of the schedule's first time.
double last_lambda(const NoiseSchedule& schedule);

/// Grid of the original DPM-Solver, n points from the noisiest to the cleanest: "logsnr" even in lambda, "time" even in time.
Evaluations continuous_grid(const std::string& spacing, int n, const NoiseSchedule& schedule, std::optional<double> lambda_min);

/// Where diffusers' DPM-Solvers evaluate.
struct DpmGridOptions {
  int steps = 50;
  std::string spacing = "linspace";
  int steps_offset = 0;
  std::optional<double> lambda_min_clipped;
  bool round_times = true;
  std::string final_sigma = "zero";
};

/// For the field table of an options struct that derives from DpmGridOptions.
template <class O>
auto dpm_grid_fields() {
  return std::tuple{
      field<O, int>("steps", &O::steps, "network evaluations").range(1, 1000),
      field<O, std::string>("spacing", &O::spacing, "which levels are visited: by time as diffusers, by lambda, or as EDM")
          .one_of({"linspace", "leading", "trailing", "logsnr", "karras"}),
      field<O, int>("steps_offset", &O::steps_offset, "added to each time of leading spacing").range(0, 999),
      field<O, std::optional<double>>("lambda_min_clipped", &O::lambda_min_clipped,
                                      "begin no noisier than this ln(alpha/sigma); cosine schedules need about -5.1")
          .range(-50, 50),
      field<O, bool>("round_times", &O::round_times,
                     "logsnr and karras: the network is told the nearest integer time, as diffusers does"),
      field<O, std::string>("final_sigma", &O::final_sigma, "noise left after the last step: none, or that of the first time")
          .one_of({"zero", "sigma_min"})};
}

/// `steps` places. linspace: round((steps-i) (T-1)/steps); leading: (steps-i) floor(T/(steps+1)) + offset; trailing: round(T - i
/// T/steps) - 1, as diffusers; logsnr and karras (rho = 7): from first_lambda to last_lambda, the latter left out where the final
/// level is it already. Error{config} where two places coincide or lie outside of training.
Evaluations dpm_grid(const DpmGridOptions& options, const NoiseSchedule& schedule);
NoiseLevel dpm_final_level(const DpmGridOptions& options, const NoiseSchedule& schedule);

}  // namespace alea
