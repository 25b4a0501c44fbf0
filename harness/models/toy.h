#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>

#include "core/error.h"
#include "models/nn/dropout.h"
#include "models/nn/flop_count.h"
#include "models/placement.h"

namespace alea {

/// With `dropout` > 0 one site, the input, as if trained with it.
DenoiserSpec toy_spec(const char* kind, const ImageShape& shape, double dropout, const Placement& placement);

/// Error{shape} unless x is [B, C, H, W] of the spec in float32 or float64 and t is [B], both on the spec's device.
void require_toy_batch(const Batch& batch, const DenoiserSpec& spec);

/// Seen as a network that ends in the identity, whose input is eps itself.
LastLayer identity_layer(const DenoiserSpec& spec);

/// The noise in one element, and its derivative by that element.
struct ElementNoise {
  double eps, slope;
};

/// The noise of independent elements: eps(x, alpha_bar) is an ElementNoise, element by element in double, on the CPU whatever the
/// device, of x after dropout or noise as the mode says, rounded to the compute dtype where that isn't float32, and rounded to
/// it, as the answer of a network in that arithmetic would be; out is of x's dtype. One scalar loop, because torch's vector
/// functions and their tails differ in the last bit, and then a row's value would depend on its place in the batch. With a graph,
/// out is the tangent at x: its value and gradient are exact, its second derivative is 0.
template <class Eps>
Prediction predict_elements(const Batch& batch, const DenoiserSpec& spec, const NoiseSchedule& schedule, at::ScalarType compute,
                            Eps&& eps) {
  require_toy_batch(batch, spec);
  if (batch.x.is_meta()) {
    nn::count_unknown("a toy's answer is a formula, without layers");
    return {at::empty_like(batch.x)};
  }
  const auto rounded = [compute](const at::Tensor& v) { return compute == at::kFloat ? v : v.to(compute); };
  const nn::DropoutSites sites(batch.mode, batch.ids);
  const at::Tensor seen = sites.perturbed(sites.apply(batch.x, 0), 0), at_x = seen.detach();
  const at::Tensor x = rounded(at_x).to(at::kCPU, at::kDouble).contiguous(), t = batch.t.to(at::kCPU, at::kDouble).contiguous();
  at::Tensor values = at::empty_like(x), slopes = at::empty_like(x);
  const std::int64_t elements = spec.shape.elements();
  for (std::int64_t row = 0; row < x.size(0); ++row) {
    const double alpha_bar = schedule.alpha_bar(TrainTime{t.const_data_ptr<double>()[row]});
    const double* from = x.const_data_ptr<double>() + row * elements;
    double* value = values.mutable_data_ptr<double>() + row * elements;
    double* slope = slopes.mutable_data_ptr<double>() + row * elements;
    for (std::int64_t i = 0; i < elements; ++i) {
      const ElementNoise noise = eps(from[i], alpha_bar);
      value[i] = noise.eps;
      slope[i] = noise.slope;
    }
  }
  Prediction said{rounded(values).to(batch.x.options())};
  if (batch.want.graph) said.eps = said.eps + slopes.to(batch.x.options()) * (seen - at_x);
  if (batch.want.last_layer_input) said.last_layer_input = said.eps.to(at::kFloat);
  return said;
}

}  // namespace alea
