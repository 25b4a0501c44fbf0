#include "models/flops.h"

#include <ATen/ops/empty.h>

#include "core/error.h"
#include "models/denoiser.h"
#include "models/nn/flop_count.h"

namespace alea {

ModelFlops count_flops(Denoiser& described) {
  const DenoiserSpec& spec = described.spec();
  ALEA_CHECK(spec.device.is_meta(), "FLOPs are counted on the meta device, {} is on {}", spec.kind, spec.device.str());
  const auto options = at::TensorOptions().device(at::kMeta).dtype(at::kFloat);
  const at::Tensor x = at::empty({1, spec.shape.channels, spec.shape.height, spec.shape.width}, options);
  Batch one{.x = x, .t = at::empty({1}, options), .ids = {0}};
  if (spec.n_classes > 0) one.labels = at::empty({1}, options.dtype(at::kLong));
  const nn::FlopCount count;
  described.predict(one);
  ModelFlops out{.prediction = count.flops(), .why_unknown = count.why_unknown()};
  if (!out.known()) return out;
  described.to_image(x);
  out.decoding = count.flops() - out.prediction;
  return out;
}

}  // namespace alea
