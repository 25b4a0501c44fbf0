#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>

#include "core/error.h"
#include "models/nn/dropout.h"
#include "models/placement.h"

namespace alea {

/// With `dropout` > 0 one site, the input, as if trained with it.
DenoiserSpec toy_spec(const char* kind, const ImageShape& shape, double dropout, const Placement& placement);

/// Error{shape} unless x is [B, C, H, W] of the spec in float32 and t is [B], both on the spec's device.
void require_toy_batch(const Batch& batch, const DenoiserSpec& spec);

/// The noise of independent elements: out = eps(x, alpha_bar), element by element in double, on the CPU whatever the device, of x
/// after dropout or noise as the mode says, rounded to the compute dtype, and rounded to it, as the answer of a network in that
/// arithmetic would be. One scalar loop, because torch's vector functions and their tails differ in the last bit, and then a
/// row's value would depend on its place in the batch.
template <class Eps>
Prediction predict_elements(const Batch& batch, const DenoiserSpec& spec, const NoiseSchedule& schedule, at::ScalarType compute,
                            Eps&& eps) {
  require_toy_batch(batch, spec);
  const nn::DropoutSites sites(batch.mode, batch.ids);
  const at::Tensor x = sites.perturbed(sites.apply(batch.x, 0), 0).cpu().to(compute).to(at::kFloat).contiguous();
  const at::Tensor t = batch.t.to(at::kDouble).cpu().contiguous();
  at::Tensor out = at::empty_like(x);
  const std::int64_t elements = spec.shape.elements();
  for (std::int64_t row = 0; row < x.size(0); ++row) {
    const double alpha_bar = schedule.alpha_bar(TrainTime{t.const_data_ptr<double>()[row]});
    const float* from = x.const_data_ptr<float>() + row * elements;
    float* to = out.mutable_data_ptr<float>() + row * elements;
    for (std::int64_t i = 0; i < elements; ++i) to[i] = static_cast<float>(eps(static_cast<double>(from[i]), alpha_bar));
  }
  return {out.to(compute).to(at::kFloat).to(batch.x.device())};
}

}  // namespace alea
