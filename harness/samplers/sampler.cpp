#include "samplers/sampler.h"

#include <ATen/TensorOperators.h>
#include <fmt/ranges.h>

#include <cmath>

#include "core/error.h"

namespace alea {
namespace {

void require_alike(const at::Tensor& a, const at::Tensor& b, const char* what) {
  if (a.sizes() != b.sizes())
    fail(ErrorCode::shape, "{}: expected two tensors of one shape, found [{}] and [{}]", what, fmt::join(a.sizes(), ", "),
         fmt::join(b.sizes(), ", "));
}

void require_alpha_bar(double alpha_bar, const char* what) {
  if (!(alpha_bar > 0 && alpha_bar <= 1)) fail(ErrorCode::domain, "{}: alpha_bar must lie in (0, 1], found {}", what, alpha_bar);
}

}  // namespace

at::Tensor predict_x0(const at::Tensor& x, const at::Tensor& eps, double alpha_bar) {
  require_alike(x, eps, "predict_x0");
  require_alpha_bar(alpha_bar, "predict_x0");
  return (x - eps * std::sqrt(1 - alpha_bar)) / std::sqrt(alpha_bar);
}

at::Tensor add_noise(const at::Tensor& x0, const at::Tensor& noise, double alpha_bar) {
  require_alike(x0, noise, "add_noise");
  require_alpha_bar(alpha_bar, "add_noise");
  return x0 * std::sqrt(alpha_bar) + noise * std::sqrt(1 - alpha_bar);
}

}  // namespace alea
