#include "models/toy.h"

#include <ATen/ops/eye.h>
#include <ATen/ops/zeros.h>
#include <fmt/ranges.h>

namespace alea {

LastLayer identity_layer(const DenoiserSpec& spec) {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(spec.device);
  const std::int64_t channels = spec.shape.channels;
  return {at::eye(channels, options).view({channels, channels, 1, 1}), at::zeros({channels}, options)};
}

DenoiserSpec toy_spec(const char* kind, const ImageShape& shape, double dropout, const Placement& placement) {
  DenoiserSpec spec;
  spec.kind = kind;
  spec.shape = shape;
  spec.device = placement.device;
  spec.train_dropout = dropout;
  if (dropout > 0) spec.dropout_sites = {"input"};
  return spec;
}

void require_toy_batch(const Batch& batch, const DenoiserSpec& spec) {
  const auto& [channels, height, width] = spec.shape;
  const at::Tensor& x = batch.x;
  if (x.dim() != 4 || x.size(1) != channels || x.size(2) != height || x.size(3) != width ||
      (x.scalar_type() != at::kFloat && x.scalar_type() != at::kDouble))
    fail(ErrorCode::shape, "{}: expected x [B, {}, {}, {}] float32 or float64, found [{}] {}", spec.kind, channels, height, width,
         fmt::join(x.sizes(), ", "), c10::toString(x.scalar_type()));
  if (batch.t.dim() != 1 || batch.t.size(0) != x.size(0))
    fail(ErrorCode::shape, "{}: expected t [{}], one time a row, found [{}]", spec.kind, x.size(0),
         fmt::join(batch.t.sizes(), ", "));
  if (x.device() != spec.device || batch.t.device() != spec.device)
    fail(ErrorCode::shape, "{}: expected x and t on {}, found them on {} and {}", spec.kind, spec.device.str(), x.device().str(),
         batch.t.device().str());
}

}  // namespace alea
