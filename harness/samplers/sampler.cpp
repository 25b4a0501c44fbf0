#include "samplers/sampler.h"

#include <ATen/TensorOperators.h>
#include <fmt/ranges.h>

#include "core/error.h"

namespace alea {
namespace {

void require_alike(const at::Tensor& a, const at::Tensor& b, const char* what) {
  if (a.sizes() != b.sizes())
    fail(ErrorCode::shape, "{}: expected two tensors of one shape, found [{}] and [{}]", what, fmt::join(a.sizes(), ", "),
         fmt::join(b.sizes(), ", "));
}

bool is_share(double weight) { return weight >= 0 && weight <= 1; }

void require_level(const NoiseLevel& level, const char* what) {
  if (!is_share(level.alpha) || !is_share(level.sigma))
    fail(ErrorCode::domain, "{}: alpha and sigma must lie in [0, 1], found {} and {}", what, level.alpha, level.sigma);
}

}  // namespace

at::Tensor predict_x0(const at::Tensor& x, const at::Tensor& eps, const NoiseLevel& level) {
  require_alike(x, eps, "predict_x0");
  require_level(level, "predict_x0");
  if (level.alpha == 0) fail(ErrorCode::domain, "predict_x0: x is all noise (alpha = 0): eps says nothing about the clean image");
  return (x - eps * level.sigma) / level.alpha;
}

at::Tensor add_noise(const at::Tensor& x0, const at::Tensor& noise, const NoiseLevel& level) {
  require_alike(x0, noise, "add_noise");
  require_level(level, "add_noise");
  return x0 * level.alpha + noise * level.sigma;
}

}  // namespace alea
