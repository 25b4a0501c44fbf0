#include "samplers/posterior.h"

#include <ATen/TensorOperators.h>

#include <algorithm>

namespace alea {
namespace {

double squared(double x) { return x * x; }

}  // namespace

double transition_variance(const NoiseLevel& t, const NoiseLevel& s) {
  return std::max(squared(t.sigma) - squared(t.alpha / s.alpha * s.sigma), 0.0);
}

double posterior_variance(const NoiseLevel& t, const NoiseLevel& s) {
  return transition_variance(t, s) * squared(s.sigma / t.sigma);
}

at::Tensor posterior_mean(const at::Tensor& x, const at::Tensor& x0, const NoiseLevel& t, const NoiseLevel& s) {
  const double of_x0 = s.alpha * transition_variance(t, s) / squared(t.sigma);
  const double of_x = t.alpha / s.alpha * squared(s.sigma / t.sigma);
  return x0 * of_x0 + x * of_x;
}

}  // namespace alea
