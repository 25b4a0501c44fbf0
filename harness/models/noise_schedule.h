#pragma once

#include <vector>

#include "core/config.h"

namespace alea {

/// A network's time label. Integer 0..T-1 for DDPM-style networks; fractional labels are allowed.
struct TrainTime {
  double value = 0;
  bool operator==(const TrainTime&) const = default;
};

/// Position in a sampler's list of steps: 0 is the noisiest. Never a TrainTime.
struct SolverIndex {
  int value = 0;
  auto operator<=>(const SolverIndex&) const = default;
};

struct ScheduleOptions {
  std::string kind = "linear";
  int train_steps = 1000;
  double beta_first = 1e-4;
  double beta_last = 0.02;
  bool operator==(const ScheduleOptions&) const = default;
};

/// The discrete forward process of a trained network (DDPM, arXiv:2006.11239).
class NoiseSchedule {
 public:
  /// Betas and alphas in float32, their product in double and stored as float32: bit for bit the table that diffusers makes
  /// with torch on AVX2 or better, but on every machine. Error{domain} unless 0 < beta < 1 and train_steps > 0.
  explicit NoiseSchedule(const ScheduleOptions& options);

  int train_steps() const { return static_cast<int>(alpha_bar_.size()); }

  /// Product of the first t+1 alphas, in (0, 1]. Throws Error{domain} when t isn't an integer in 0..train_steps()-1.
  double alpha_bar(TrainTime t) const;

 private:
  std::vector<float> alpha_bar_;
};

}  // namespace alea
