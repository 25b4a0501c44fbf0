#pragma once

#include <span>

#include "samplers/sampler.h"

namespace alea {

/// Moments of x_i where eps is random, element by element, [B, C, H, W] float64. Means are told as shifts from the path that the
/// sampler takes, so that its clipping, which the moments don't see, moves both alike.
struct PathMoments {
  at::Tensor shift, variance;                                   ///< of x_i
  at::Tensor memory_shift, memory_variance, memory_covariance;  ///< of the clean image m_{i-1}, and Cov(x_i, m_{i-1})
};

/// Of a known x of this shape: zeros.
PathMoments certain_moments(const at::Tensor& x);

/// Moments of eps at one evaluation, as PathMoments.
struct NoiseMoments {
  at::Tensor shift;       ///< its mean minus the eps that the sampler goes on with
  at::Tensor variance;    ///< Var(eps)
  at::Tensor covariance;  ///< Cov(x, eps), x being that of LinearStep::from
};

/// BayesDiff (arXiv:2310.11142), section 3.2, over one LinearStep x' = a x + b eps + c m with noise of level `level`:
///   Var(x') = a^2 Var(x) + 2ab Cov(x, eps) + b^2 Var(eps), and with a memory + c^2 Var(m) + 2ac Cov(x, m) + 2bc Cov(eps, m).
/// eps sees m through x alone: Cov(eps, m) = Cov(x, eps) Cov(x, m) / Var(x), exact where all are jointly normal.
PathMoments propagate(const PathMoments& before, const LinearStep& step, const NoiseLevel& level, const NoiseMoments& noise);

/// consistent: Cov(x, eps) = k Var(x) and Var(eps) by the law of total variance, predictive variance + k^2 Var(x) + scatter, where
/// k is the slope of the network's mean over the draws and the scatter what is left about that line. Knowing Var(x), which sample
/// moments of the draws estimate anew, makes a variance that can't fall below 0 and is exact where eps is linear in x, for any S.
/// released: mean(x mu) - E[x] mean(mu), and the predictive variance alone, as the released code.
enum class MomentRule { consistent, released };

/// Draws of x (those of LinearStep::from) and the network's mean at what became of them.
struct Draws {
  std::span<const at::Tensor> x, mean;  ///< S >= 2 of each, [B, C, H, W]
};

/// `path`: moments of the x that the draws are of, `x_mean` its mean; `variance`: of eps given x; `path_eps`: what the sampler
/// goes on with.
NoiseMoments noise_moments(const Draws& draws, const PathMoments& path, const at::Tensor& x_mean, const at::Tensor& variance,
                           const at::Tensor& path_eps, MomentRule rule);

}  // namespace alea
