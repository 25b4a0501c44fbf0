#include "models/noise_schedule.h"

#include <cmath>

#include "core/error.h"

namespace alea {
namespace {

/// n float32 values from first to last, each half counted from its own end. Fused, as torch's vector code does it: its table
/// is the one that parity needs, and its scalar code (no AVX2) differs from it in a fifth of the values.
std::vector<float> linspace(float first, float last, int n) {
  std::vector<float> out(n, first);
  if (n == 1) return out;
  const float step = (last - first) / static_cast<float>(n - 1);
  for (int i = 0; i < n; ++i)
    out[i] = i < n / 2 ? std::fmaf(step, static_cast<float>(i), first) : std::fmaf(-step, static_cast<float>(n - 1 - i), last);
  return out;
}

}  // namespace

NoiseSchedule::NoiseSchedule(const ScheduleOptions& options) {
  if (options.kind != "linear") fail(ErrorCode::config, "schedule kind \"{}\" is not known; known: linear", options.kind);
  if (options.train_steps < 1) fail(ErrorCode::domain, "a schedule needs train_steps >= 1, found {}", options.train_steps);
  for (const double beta : {options.beta_first, options.beta_last})
    if (!(beta > 0 && beta < 1)) fail(ErrorCode::domain, "a schedule needs betas inside (0, 1), found {}", beta);

  double product = 1;
  for (const float beta :
       linspace(static_cast<float>(options.beta_first), static_cast<float>(options.beta_last), options.train_steps)) {
    const float alpha = 1.0f - beta;
    product *= alpha;
    alpha_bar_.push_back(static_cast<float>(product));
  }
  if (!(alpha_bar_.front() < 1 && alpha_bar_.back() > 0))
    fail(ErrorCode::domain, "betas {} to {} over {} steps leave alpha_bar from {} to {} in float32, expected inside (0, 1)",
         options.beta_first, options.beta_last, options.train_steps, alpha_bar_.front(), alpha_bar_.back());
}

double NoiseSchedule::alpha_bar(TrainTime t) const {
  if (!(t.value >= 0 && t.value < train_steps() && t.value == std::floor(t.value)))
    fail(ErrorCode::domain, "alpha_bar is tabulated at the integers 0..{}, asked at t = {}", train_steps() - 1, t.value);
  return alpha_bar_[static_cast<std::size_t>(t.value)];
}

}  // namespace alea
