#include "models/parametrisation.h"

#include <ATen/TensorOperators.h>
#include <fmt/ranges.h>

#include <cmath>

#include "core/error.h"

namespace alea {
namespace {

void require_alike(const at::Tensor& x, const at::Tensor& prediction, const char* what) {
  if (x.sizes() != prediction.sizes())
    fail(ErrorCode::shape, "{}: expected two tensors of one shape, found [{}] and [{}]", what, fmt::join(x.sizes(), ", "),
         fmt::join(prediction.sizes(), ", "));
}

void require_one(double sum, const char* terms, const NoiseLevel& level, const char* what) {
  if (!(std::abs(sum - 1) < 1e-6))
    fail(ErrorCode::domain, "{}: needs a level with {} = 1, found alpha = {}, sigma = {}", what, terms, level.alpha, level.sigma);
}

void require_v(const at::Tensor& x, const at::Tensor& v, const NoiseLevel& level, const char* what) {
  require_alike(x, v, what);
  require_one(level.alpha * level.alpha + level.sigma * level.sigma, "alpha^2 + sigma^2", level, what);
}

void require_flow(const at::Tensor& x, const at::Tensor& v, const NoiseLevel& level, const char* what) {
  require_alike(x, v, what);
  require_one(level.alpha + level.sigma, "alpha + sigma", level, what);
}

}  // namespace

at::Tensor eps_from_x0(const at::Tensor& x, const at::Tensor& x0, const NoiseLevel& level) {
  require_alike(x, x0, "eps_from_x0");
  if (!(level.sigma > 0)) fail(ErrorCode::domain, "eps_from_x0: needs sigma > 0, found {}: there is no noise in x", level.sigma);
  return (x - x0 * level.alpha) / level.sigma;
}

at::Tensor eps_from_v(const at::Tensor& x, const at::Tensor& v, const NoiseLevel& level) {
  require_v(x, v, level, "eps_from_v");
  return v * level.alpha + x * level.sigma;
}

at::Tensor x0_from_v(const at::Tensor& x, const at::Tensor& v, const NoiseLevel& level) {
  require_v(x, v, level, "x0_from_v");
  return x * level.alpha - v * level.sigma;
}

at::Tensor eps_from_flow(const at::Tensor& x, const at::Tensor& v, const NoiseLevel& level) {
  require_flow(x, v, level, "eps_from_flow");
  return x + v * level.alpha;
}

at::Tensor x0_from_flow(const at::Tensor& x, const at::Tensor& v, const NoiseLevel& level) {
  require_flow(x, v, level, "x0_from_flow");
  return x - v * level.sigma;
}

}  // namespace alea
