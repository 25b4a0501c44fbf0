#pragma once

#include <ATen/core/Tensor.h>

#include "samplers/sampler.h"

namespace alea {

// Exponential integrators of the diffusion ODE in lambda = ln(alpha / sigma) from level s to the cleaner level t, h = lambda_t -
// lambda_s. All tensors [B, C, H, W] of one dtype. "Data form": in terms of clean images m(lambda) (DPM-Solver++,
// arXiv:2211.01095); "noise form": in terms of eps(lambda) (DPM-Solver, arXiv:2206.00927).

/// lambda_t - lambda_s.
double log_snr_gain(const NoiseLevel& s, const NoiseLevel& t);

/// Data form, order 1 (DPM-Solver++ eq. 9, DDIM): (sigma_t / sigma_s) x - alpha_t expm1(-h) m. Lands on m where sigma_t = 0.
at::Tensor data_form_order_1(const at::Tensor& x, const at::Tensor& m, const NoiseLevel& s, const NoiseLevel& t);

/// Data form, order 2: order 1 with what `slope`, an estimate of h dm/dlambda at s, adds; t.sigma > 0.
/// midpoint (Algorithms 1 and 2): -1/2 alpha_t expm1(-h) slope; heun: alpha_t (expm1(-h)/h + 1) slope.
enum class SlopeRule { midpoint, heun };
at::Tensor data_form_order_2(const at::Tensor& x, const at::Tensor& m, const at::Tensor& slope, const NoiseLevel& s,
                             const NoiseLevel& t, SlopeRule rule);

/// Noise form, order 1 (DPM-Solver eq. 3.7, DDIM): (alpha_t / alpha_s) x - sigma_t expm1(h) eps, alpha_s > 0. With eps at the
/// middle of the way this is DPM-Solver-2 (Algorithm 1); with the mean of eps at both ends, Heun's rule in sigma / alpha.
at::Tensor noise_form_order_1(const at::Tensor& x, const at::Tensor& eps, const NoiseLevel& s, const NoiseLevel& t);

/// The same as coefficients, from index `from` at level s.
LinearStep noise_form_step(int from, const NoiseLevel& s, const NoiseLevel& t);

/// Data form as coefficients, from index i at level s, with slope = h dm/dlambda by slope_of(m_{i-1}, m_i, r); without r:
/// order 1.
LinearStep data_form_step(int i, const NoiseLevel& s, const NoiseLevel& t, std::optional<double> r, SlopeRule rule);

/// h dm/dlambda by a difference: (m_1 - m_0) / r, where m_1 was taken r h after m_0 (before it for r < 0).
at::Tensor slope_of(const at::Tensor& m_0, const at::Tensor& m_1, double r);

}  // namespace alea
