#pragma once

#include <vector>

#include "core/config.h"

namespace alea {

/// Where a network was trained: 0..T-1 on schedules of betas, (0, T] on flow; may be fractional. A network whose own labels
/// count from 1 adds that itself.
struct TrainTime {
  double value = 0;
  bool operator==(const TrainTime&) const = default;
};

/// Position in a sampler's list of network evaluations: 0 is the noisiest. Never a TrainTime.
struct SolverIndex {
  int value = 0;
  auto operator<=>(const SolverIndex&) const = default;
};

/// x_t = alpha x0 + sigma eps, with alpha and sigma in [0, 1].
struct NoiseLevel {
  double alpha = 1, sigma = 0;
  bool operator==(const NoiseLevel&) const = default;
};

/// The variance-preserving level of alpha_bar: alpha = sqrt(alpha_bar), sigma = sqrt(1 - alpha_bar).
NoiseLevel level_of_alpha_bar(double alpha_bar);

/// lambda = ln(alpha / sigma), half the logarithm of the signal-to-noise ratio (DPM-Solver, arXiv:2206.00927, section 2).
/// Infinite where sigma = 0.
double half_log_snr(const NoiseLevel& level);

struct ScheduleOptions {
  std::string kind = "linear";
  int train_steps = 1000;
  double beta_first = 1e-4;
  double beta_last = 0.02;
  std::string table = "float32";
  double shift = 1;
  bool operator==(const ScheduleOptions&) const = default;
};

/// The forward process of a trained network.
/// "linear", "scaled_linear"  betas, or their square roots, evenly spaced (DDPM, arXiv:2006.11239; latent diffusion);
/// "cosine"                   alpha_bar = cos^2(pi/2 (t/T + 0.008) / 1.008), betas at most 0.999 (arXiv:2102.09672, eq. 17);
/// "flow"                     alpha = 1 - sigma, sigma = t/T (rectified flow, arXiv:2403.03206).
class NoiseSchedule {
 public:
  /// table "float32": betas and alphas in float32, their product in double and stored as float32: bit for bit the table that
  /// diffusers makes with torch on AVX2 or better, but on every machine. "float64": all in double, as guided-diffusion and
  /// U-ViT. Error{domain} unless 0 < beta < 1, train_steps > 0, shift > 0; Error{config} for another kind or table.
  explicit NoiseSchedule(const ScheduleOptions& options);

  int train_steps() const { return options_.train_steps; }
  bool is_flow() const { return options_.kind == "flow"; }
  /// Flow: of the time labels in training, sigma -> shift sigma / (1 + (shift - 1) sigma). 1 elsewhere.
  double shift() const { return options_.shift; }

  TrainTime first_time() const { return {is_flow() ? 1.0 : 0.0}; }  ///< the cleanest that training samples on purpose
  TrainTime last_time() const { return {train_steps() - (is_flow() ? 0.0 : 1.0)}; }

  /// Product of the first t+1 alphas, in (0, 1]; between integers its logarithm is linear (DPM-Solver, appendix D.4).
  /// Error{domain} for t outside 0..train_steps()-1 and for flow, which has none.
  double alpha_bar(TrainTime t) const;

  /// Error{domain} for t outside [0, T-1], of flow outside (0, T].
  NoiseLevel level(TrainTime t) const;

  /// The level, and the time, at which half_log_snr is lambda. time_of inverts level; it clips to [first_time(), last_time()].
  NoiseLevel level_at(double lambda) const;
  TrainTime time_of(double lambda) const;

 private:
  ScheduleOptions options_;
  std::vector<double> alpha_bar_, log_alpha_;
};

}  // namespace alea
