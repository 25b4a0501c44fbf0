#include "uncertainty/bayesdiff_moments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "core/error.h"

namespace alea {
namespace {

/// Sums over the draws of deviations from E[x] and from the path's eps: small numbers, so that squares keep their digits.
struct DrawSums {
  double n;
  at::Tensor x, mean, x_x, x_mean, mean_mean;
};

DrawSums sums_of(const Draws& draws, const at::Tensor& x_mean, const at::Tensor& path_eps) {
  const at::Tensor zero = at::zeros_like(x_mean);
  DrawSums sums{static_cast<double>(draws.x.size()), zero, zero, zero, zero, zero};
  for (std::size_t j = 0; j < draws.x.size(); ++j) {
    const at::Tensor dx = draws.x[j].to(at::kDouble) - x_mean, dm = draws.mean[j].to(at::kDouble) - path_eps;
    sums.x = sums.x + dx;
    sums.mean = sums.mean + dm;
    sums.x_x = sums.x_x + dx * dx;
    sums.x_mean = sums.x_mean + dx * dm;
    sums.mean_mean = sums.mean_mean + dm * dm;
  }
  return sums;
}

/// The mean of eps as a line in x and what scatters about it.
struct Regression {
  at::Tensor slope;
  at::Tensor slope_error;  ///< variance of the slope, in units of the scatter
  at::Tensor scatter;      ///< variance
};

/// By least squares; slope 0 where the draws of x don't differ.
Regression regress(const DrawSums& sums) {
  const at::Tensor zero = at::zeros_like(sums.x);
  const at::Tensor x_x = sums.x_x - sums.x * sums.x / sums.n, x_mean = sums.x_mean - sums.x * sums.mean / sums.n,
                   mean_mean = sums.mean_mean - sums.mean * sums.mean / sums.n;
  const at::Tensor is_spread = x_x.gt(0);
  const at::Tensor slope = at::where(is_spread, x_mean / x_x, zero);
  const at::Tensor freedom = at::where(is_spread, zero + std::max(sums.n - 2, 1.0), zero + (sums.n - 1));
  return {slope, at::where(is_spread, x_x.reciprocal(), zero), (mean_mean - slope * x_mean).clamp_min(0) / freedom};
}

}  // namespace

PathMoments certain_moments(const at::Tensor& x) {
  const at::Tensor zero = at::zeros_like(x, x.options().dtype(at::kDouble));
  return {zero, zero, zero, zero, zero};
}

PathMoments propagate(const PathMoments& before, const LinearStep& step, const NoiseLevel& level, const NoiseMoments& noise) {
  const double a = step.x, b = step.eps, c = step.memory, s = level.sigma;
  const at::Tensor &v = before.variance, &k = before.memory_covariance;
  const at::Tensor of_memory = at::where(v.gt(0), noise.covariance * k / v, at::zeros_like(v));
  PathMoments after;
  after.shift = before.shift * a + noise.shift * b + before.memory_shift * c;
  after.variance = v * (a * a) + noise.covariance * (2 * a * b) + noise.variance * (b * b) + before.memory_variance * (c * c) +
                   k * (2 * a * c) + of_memory * (2 * b * c);
  after.memory_shift = (before.shift - noise.shift * s) / level.alpha;
  after.memory_variance = (v - noise.covariance * (2 * s) + noise.variance * (s * s)) / (level.alpha * level.alpha);
  after.memory_covariance =
      (v * a + noise.covariance * (b - a * s) - noise.variance * (b * s) + k * c - of_memory * (c * s)) / level.alpha;
  return after;
}

NoiseMoments noise_moments(const Draws& draws, const PathMoments& path, const at::Tensor& x_mean, const at::Tensor& variance,
                           const at::Tensor& path_eps, MomentRule rule) {
  if (draws.x.size() < 2 || draws.mean.size() != draws.x.size())
    fail(ErrorCode::domain, "a covariance needs at least 2 draws and a mean for each, found {} and {}", draws.x.size(),
         draws.mean.size());
  const at::Tensor eps = path_eps.to(at::kDouble);
  const DrawSums sums = sums_of(draws, x_mean, eps);
  const at::Tensor shift = sums.mean / sums.n;
  if (rule == MomentRule::released) return {shift, variance, sums.x_mean / sums.n + eps * sums.x / sums.n};
  const Regression line = regress(sums);
  const at::Tensor of_line = line.slope * line.slope * path.variance;
  const at::Tensor of_scatter = line.scatter * (1 - line.slope_error * path.variance).clamp_min(0);
  return {shift, variance + of_line + of_scatter, line.slope * path.variance};
}

}  // namespace alea
