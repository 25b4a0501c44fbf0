#include "uncertainty/bayesdiff_moments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "core/error.h"

namespace alea {
namespace {

/// Sums over the draws of deviations from E[x] and from the path's eps: small numbers, so that squares keep their digits.
struct DrawSums {
  at::Tensor x, mean, product, square;
};

DrawSums sums_of(const Draws& draws, const at::Tensor& x_mean, const at::Tensor& path_eps) {
  const at::Tensor zero = at::zeros_like(x_mean);
  DrawSums sums{zero, zero, zero, zero};
  for (std::size_t j = 0; j < draws.x.size(); ++j) {
    const at::Tensor dx = draws.x[j].to(at::kDouble) - x_mean, dm = draws.mean[j].to(at::kDouble) - path_eps;
    sums.x = sums.x + dx;
    sums.mean = sums.mean + dm;
    sums.product = sums.product + dx * dm;
    sums.square = sums.square + dm * dm;
  }
  return sums;
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

NoiseMoments noise_moments(const Draws& draws, const at::Tensor& x_mean, const at::Tensor& variance, const at::Tensor& path_eps,
                           MomentRule rule) {
  const auto n = static_cast<double>(draws.x.size());
  if (draws.x.size() < 2 || draws.mean.size() != draws.x.size())
    fail(ErrorCode::domain, "a covariance needs at least 2 draws and a mean for each, found {} and {}", draws.x.size(),
         draws.mean.size());
  const at::Tensor eps = path_eps.to(at::kDouble);
  const DrawSums sums = sums_of(draws, x_mean, eps);
  const at::Tensor shift = sums.mean / n;
  if (rule == MomentRule::released) return {shift, variance, sums.product / n + eps * sums.x / n};
  const at::Tensor covariance = (sums.product - sums.x * shift) / (n - 1);
  return {shift, variance + (sums.square - sums.mean * shift) / (n - 1), covariance};
}

}  // namespace alea
