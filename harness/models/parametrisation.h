#pragma once

#include <ATen/core/Tensor.h>

#include "models/noise_schedule.h"

namespace alea {

// What networks predict about x_t = alpha x0 + sigma eps, and the noise in it. All tensors [B, C, H, W], one shape and dtype.
// Error{shape} for two shapes; Error{domain} where the level leaves the answer open (sigma = 0, or alpha = 0 for x0), and for a
// level that isn't the parametrisation's own (v: alpha^2 + sigma^2 = 1; flow: alpha + sigma = 1).

/// eps = (x_t - alpha x0) / sigma.
at::Tensor eps_from_x0(const at::Tensor& x, const at::Tensor& x0, const NoiseLevel& level);

/// v = alpha eps - sigma x0 (Salimans and Ho, arXiv:2202.00512, appendix D): eps = alpha v + sigma x_t, x0 = alpha x_t - sigma v.
at::Tensor eps_from_v(const at::Tensor& x, const at::Tensor& v, const NoiseLevel& level);
at::Tensor x0_from_v(const at::Tensor& x, const at::Tensor& v, const NoiseLevel& level);

/// v = eps - x0 (rectified flow, arXiv:2403.03206, eq. 13): eps = x_t + alpha v, x0 = x_t - sigma v.
at::Tensor eps_from_flow(const at::Tensor& x, const at::Tensor& v, const NoiseLevel& level);
at::Tensor x0_from_flow(const at::Tensor& x, const at::Tensor& v, const NoiseLevel& level);

}  // namespace alea
