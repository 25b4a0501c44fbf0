#include "models/last_layer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <fmt/ranges.h>

#include "core/error.h"

namespace alea {
namespace {

/// The inverse of as_layer_output.
at::Tensor as_eps(const at::Tensor& output, int patch) {
  if (patch == 1) return output;
  const std::int64_t b = output.size(0), p = patch, c = output.size(1) / (p * p), h = output.size(2), w = output.size(3);
  return output.reshape({b, p, p, c, h, w}).permute({0, 3, 4, 1, 5, 2}).reshape({b, c, h * p, w * p});
}

}  // namespace

at::Tensor evaluate_last_layer(const LastLayer& layer, const at::Tensor& input) {
  if (input.dim() != 4 || input.size(1) != layer.weight.size(1))
    fail(ErrorCode::shape, "the last layer takes [B, {}, h, w], found [{}]", layer.weight.size(1),
         fmt::join(input.sizes(), ", "));
  const at::Tensor weight = layer.weight.to(at::kDouble), bias = layer.bias.to(at::kDouble), x = input.to(at::kDouble);
  const auto convolved = [&](const at::Tensor& rows) { return at::conv2d(rows, weight, bias, 1, layer.padding); };
  if (!x.is_cpu()) return as_eps(convolved(x), layer.patch);
  std::vector<at::Tensor> rows;
  for (const at::Tensor& row : x.split(1)) rows.push_back(convolved(row));
  return as_eps(at::cat(rows), layer.patch);
}

at::Tensor as_layer_output(const at::Tensor& eps, int patch) {
  if (patch == 1) return eps;
  const std::int64_t b = eps.size(0), c = eps.size(1), p = patch, h = eps.size(2) / p, w = eps.size(3) / p;
  return eps.reshape({b, c, h, p, w, p}).permute({0, 3, 5, 1, 2, 4}).reshape({b, p * p * c, h, w});
}

}  // namespace alea
