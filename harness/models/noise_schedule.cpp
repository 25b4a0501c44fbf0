#include "models/noise_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

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

std::vector<double> linspace(double first, double last, int n) {
  std::vector<double> out(n, first);
  for (int i = 1; i < n; ++i) out[i] = i == n - 1 ? last : first + i * ((last - first) / (n - 1));
  return out;
}

/// Improved DDPM (arXiv:2102.09672), eq. 17, before its clipping: beta = 1 - f(t+1)/f(t).
std::vector<double> cosine_betas(int n) {
  const auto f = [n](int t) {
    const double root = std::cos((static_cast<double>(t) / n + 0.008) / 1.008 * std::numbers::pi / 2);
    return root * root;
  };
  std::vector<double> out(n);
  for (int t = 0; t < n; ++t) out[t] = std::min(1 - f(t + 1) / f(t), 0.999);
  return out;
}

template <class Real>
std::vector<Real> betas_of(const ScheduleOptions& options) {
  if (options.kind == "cosine") {
    const auto betas = cosine_betas(options.train_steps);
    return {betas.begin(), betas.end()};
  }
  const bool is_scaled = options.kind == "scaled_linear";
  const double first = is_scaled ? std::sqrt(options.beta_first) : options.beta_first;
  const double last = is_scaled ? std::sqrt(options.beta_last) : options.beta_last;
  auto betas = linspace(static_cast<Real>(first), static_cast<Real>(last), options.train_steps);
  if (is_scaled)
    for (Real& beta : betas) beta *= beta;
  return betas;
}

/// Alphas in Real, their product in double, rounded to Real where it is stored but not where it goes on.
template <class Real>
std::vector<double> alpha_bars_of(const ScheduleOptions& options) {
  std::vector<double> out;
  double product = 1;
  for (const Real beta : betas_of<Real>(options)) {
    product *= Real{1} - beta;
    out.push_back(static_cast<Real>(product));
  }
  return out;
}

void require_sound(const ScheduleOptions& options) {
  const std::vector<std::string> kinds{"linear", "cosine", "scaled_linear", "flow"}, tables{"float32", "float64"};
  if (std::find(kinds.begin(), kinds.end(), options.kind) == kinds.end())
    fail(ErrorCode::config, "schedule kind \"{}\" is not known{}", options.kind, suggestion(options.kind, kinds));
  if (std::find(tables.begin(), tables.end(), options.table) == tables.end())
    fail(ErrorCode::config, "schedule table \"{}\" is not known{}", options.table, suggestion(options.table, tables));
  if (options.train_steps < 1) fail(ErrorCode::domain, "a schedule needs train_steps >= 1, found {}", options.train_steps);
  if (!(options.shift > 0 && std::isfinite(options.shift)))
    fail(ErrorCode::domain, "a schedule needs a finite shift > 0, found {}", options.shift);
  if (options.shift != 1 && options.kind != "flow")
    fail(ErrorCode::config, "shift = {} has a meaning for flow alone, found schedule kind \"{}\"", options.shift, options.kind);
  for (const double beta : {options.beta_first, options.beta_last})
    if (!(beta > 0 && beta < 1)) fail(ErrorCode::domain, "a schedule needs betas inside (0, 1), found {}", beta);
}

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

}  // namespace

NoiseLevel level_of_alpha_bar(double alpha_bar) { return {std::sqrt(alpha_bar), std::sqrt(1 - alpha_bar)}; }

double half_log_snr(const NoiseLevel& level) { return std::log(level.alpha) - std::log(level.sigma); }

NoiseSchedule::NoiseSchedule(const ScheduleOptions& options) : options_(options) {
  require_sound(options);
  if (is_flow()) return;
  alpha_bar_ = options.table == "float32" ? alpha_bars_of<float>(options) : alpha_bars_of<double>(options);
  if (!(alpha_bar_.front() < 1 && alpha_bar_.back() > 0))
    fail(ErrorCode::domain, "betas {} to {} over {} steps leave alpha_bar from {} to {} in {}, expected inside (0, 1)",
         options.beta_first, options.beta_last, options.train_steps, alpha_bar_.front(), alpha_bar_.back(), options.table);
  for (const double alpha_bar : alpha_bar_) log_alpha_.push_back(std::log(alpha_bar) / 2);
}

double NoiseSchedule::alpha_bar(TrainTime t) const {
  if (is_flow()) fail(ErrorCode::domain, "a flow schedule has no alpha_bar, asked at t = {}; ask for its level", t.value);
  if (!(t.value >= 0 && t.value <= train_steps() - 1))
    fail(ErrorCode::domain, "alpha_bar is known at times 0..{}, asked at t = {}", train_steps() - 1, t.value);
  const double below = std::floor(t.value), part = t.value - below;
  const auto i = static_cast<std::size_t>(below);
  if (part == 0) return alpha_bar_[i];
  return std::exp(2 * std::lerp(log_alpha_[i], log_alpha_[i + 1], part));
}

NoiseLevel NoiseSchedule::level(TrainTime t) const {
  if (!is_flow()) return level_of_alpha_bar(alpha_bar(t));
  if (!(t.value > 0 && t.value <= train_steps()))
    fail(ErrorCode::domain, "a flow's times lie in (0, {}], asked at t = {}", train_steps(), t.value);
  const double sigma = t.value / train_steps();
  return {1 - sigma, sigma};
}

NoiseLevel NoiseSchedule::level_at(double lambda) const {
  if (is_flow()) return {1 / (1 + std::exp(-lambda)), 1 / (1 + std::exp(lambda))};
  return {std::exp(-softplus(-2 * lambda) / 2), std::exp(-softplus(2 * lambda) / 2)};
}

TrainTime NoiseSchedule::time_of(double lambda) const {
  if (is_flow()) return {std::clamp(train_steps() / (1 + std::exp(lambda)), first_time().value, last_time().value)};
  const double log_alpha = -softplus(-2 * lambda) / 2;
  const auto below = std::lower_bound(log_alpha_.begin(), log_alpha_.end(), log_alpha, std::greater<>());
  if (below == log_alpha_.begin()) return first_time();
  if (below == log_alpha_.end()) return last_time();
  const double part = (below[-1] - log_alpha) / (below[-1] - below[0]);
  return {static_cast<double>(below - log_alpha_.begin() - 1) + part};
}

}  // namespace alea
