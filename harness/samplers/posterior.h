#pragma once

#include <ATen/core/Tensor.h>

#include "models/noise_schedule.h"

namespace alea {

// q(x_s | x_t, x0) of the forward process between two levels, s the cleaner one: DDPM (arXiv:2006.11239) eq. 6 and 7 with
// alpha_t for sqrt(alpha_bar_t) and sigma_t for sqrt(1 - alpha_bar_t), and so for any alpha and sigma.

/// Variance of q(x_t | x_s): beta = sigma_t^2 - (alpha_t / alpha_s)^2 sigma_s^2.
double transition_variance(const NoiseLevel& t, const NoiseLevel& s);

/// beta sigma_s^2 / sigma_t^2.
double posterior_variance(const NoiseLevel& t, const NoiseLevel& s);

/// alpha_s beta / sigma_t^2 x0 + (alpha_t / alpha_s) sigma_s^2 / sigma_t^2 x_t. x, x0: [B, C, H, W].
at::Tensor posterior_mean(const at::Tensor& x, const at::Tensor& x0, const NoiseLevel& t, const NoiseLevel& s);

}  // namespace alea
