#include "samplers/dpm_solver_equations.h"

#include <ATen/TensorOperators.h>

#include <cmath>

namespace alea {
namespace {

double slope_weight(const NoiseLevel& t, double h, SlopeRule rule) {
  return rule == SlopeRule::midpoint ? -t.alpha * std::expm1(-h) / 2 : t.alpha * (std::expm1(-h) / h + 1);
}

}  // namespace

double log_snr_gain(const NoiseLevel& s, const NoiseLevel& t) { return half_log_snr(t) - half_log_snr(s); }

at::Tensor data_form_order_1(const at::Tensor& x, const at::Tensor& m, const NoiseLevel& s, const NoiseLevel& t) {
  return x * (t.sigma / s.sigma) - m * (t.alpha * std::expm1(-log_snr_gain(s, t)));
}

at::Tensor data_form_order_2(const at::Tensor& x, const at::Tensor& m, const at::Tensor& slope, const NoiseLevel& s,
                             const NoiseLevel& t, SlopeRule rule) {
  return data_form_order_1(x, m, s, t) + slope * slope_weight(t, log_snr_gain(s, t), rule);
}

at::Tensor noise_form_order_1(const at::Tensor& x, const at::Tensor& eps, const NoiseLevel& s, const NoiseLevel& t) {
  const double growth = t.alpha / s.alpha;
  return x * growth - eps * (growth * s.sigma - t.sigma);
}

LinearStep noise_form_step(int from, const NoiseLevel& s, const NoiseLevel& t) {
  const double growth = t.alpha / s.alpha;
  return {.from = from, .x = growth, .eps = t.sigma - growth * s.sigma};
}

LinearStep data_form_step(int i, const NoiseLevel& s, const NoiseLevel& t, std::optional<double> r, SlopeRule rule) {
  const double h = log_snr_gain(s, t), slope = r ? slope_weight(t, h, rule) / *r : 0;
  const double of_m = slope - t.alpha * std::expm1(-h);
  return {.from = i, .x = t.sigma / s.sigma + of_m / s.alpha, .eps = -of_m * s.sigma / s.alpha, .memory = -slope};
}

at::Tensor slope_of(const at::Tensor& m_0, const at::Tensor& m_1, double r) { return (m_1 - m_0) / r; }

}  // namespace alea
