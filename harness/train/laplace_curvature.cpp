#include "train/laplace_curvature.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

namespace alea {
namespace {

/// sum_p r[c, p] phi[d, p + (i, j)] -> [C, D, k, k], from r [C, h', w'] and phi [D, h' + k - 1, w' + k - 1]: what eps of one
/// image says of the layer's weight.
at::Tensor weight_gradient(const at::Tensor& r, const at::Tensor& phi, std::int64_t kernel) {
  const std::int64_t channels = r.size(0), height = r.size(1), width = r.size(2), depth = phi.size(0);
  const at::Tensor rows = r.reshape({channels, height * width});
  at::Tensor out = at::empty({channels, depth, kernel, kernel}, r.options());
  for (std::int64_t i = 0; i < kernel; ++i)
    for (std::int64_t j = 0; j < kernel; ++j) {
      const at::Tensor window = phi.narrow(1, i, height).narrow(2, j, width).reshape({depth, height * width});
      out.select(3, j).select(2, i).copy_(rows.matmul(window.t()));
    }
  return out;
}

}  // namespace

Curvature no_curvature(const LastLayer& layer) {
  return {at::zeros(layer.weight.sizes(), at::kDouble), at::zeros(layer.bias.sizes(), at::kDouble)};
}

void add_curvature(Curvature& sum, const LastLayer& layer, CurvatureKind kind, const at::Tensor& input,
                   const at::Tensor& residual) {
  const std::int64_t pad = layer.padding, kernel = layer.weight.size(2);
  const at::Tensor phi = at::constant_pad_nd(input.to(at::kDouble), {pad, pad, pad, pad}, 0);
  const at::Tensor r = as_layer_output(residual.to(at::kDouble), layer.patch);
  for (std::int64_t b = 0; b < r.size(0); ++b) {
    if (kind == CurvatureKind::empirical_fisher) {
      sum.weight += weight_gradient(r[b], phi[b], kernel).square().mul(2).cpu();
      sum.bias += r[b].sum({1, 2}).square().mul(2).cpu();
    } else {
      const at::Tensor one = at::ones({1, r.size(2), r.size(3)}, r.options());
      sum.weight += weight_gradient(one, phi[b].square(), kernel).cpu();
      sum.bias += static_cast<double>(r.size(2) * r.size(3));
    }
  }
}

}  // namespace alea
