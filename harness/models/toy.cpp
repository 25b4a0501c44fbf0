#include "models/toy.h"

#include <fmt/ranges.h>

namespace alea {

DenoiserSpec toy_spec(const char* kind, const ImageShape& shape) {
  DenoiserSpec spec;
  spec.kind = kind;
  spec.shape = shape;
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
}

}  // namespace alea
