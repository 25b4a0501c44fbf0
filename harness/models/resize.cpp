#include "models/resize.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/error.h"

namespace alea {
namespace {

/// The two source pixels of each target pixel along one axis and the weight of the second, without a half-pixel offset.
struct Taps {
  at::Tensor low, high, weight;
};

Taps tensorflow1_taps(std::int64_t in, std::int64_t out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  std::vector<std::int64_t> low(static_cast<std::size_t>(out)), high(low.size());
  std::vector<float> weight(low.size());
  for (std::size_t i = 0; i < low.size(); ++i) {
    const float source = static_cast<float>(i) * scale;
    low[i] = static_cast<std::int64_t>(source);
    high[i] = std::min(low[i] + 1, in - 1);
    weight[i] = source - static_cast<float>(low[i]);
  }
  return {at::tensor(low), at::tensor(high), at::tensor(weight)};
}

/// a + (b - a) w along one axis.
at::Tensor mix(const at::Tensor& x, std::int64_t axis, const Taps& taps) {
  const at::Tensor a = x.index_select(axis, taps.low), b = x.index_select(axis, taps.high);
  return a + (b - a) * (axis == 3 ? taps.weight : taps.weight.unsqueeze(1));
}

at::Tensor bilinear_tf1(const at::Tensor& x, std::int64_t height, std::int64_t width) {
  if (x.size(2) == height && x.size(3) == width) return x;
  return mix(mix(x, 3, tensorflow1_taps(x.size(3), width)), 2, tensorflow1_taps(x.size(2), height));
}

/// PIL filters the rows, then the columns, each in double, and keeps float between: torch's antialiased kernel is the same
/// filter.
at::Tensor bicubic_pil(const at::Tensor& x, std::int64_t height, std::int64_t width) {
  return at::_upsample_bicubic2d_aa(x, {height, width}, false).clamp(0, 255);
}

}  // namespace

at::Tensor resize_images(const at::Tensor& x, int height, int width, Resize how) {
  if (x.dim() != 4 || x.scalar_type() != at::kFloat) fail(ErrorCode::shape, "resize: expected float32 [B, c, h, w]");
  switch (how) {
    case Resize::bilinear:
      return at::upsample_bilinear2d(x, {height, width}, false);
    case Resize::bilinear_tf1:
      return bilinear_tf1(x, height, width);
    case Resize::bicubic_pil:
      return bicubic_pil(x, height, width);
  }
  fail(ErrorCode::internal, "resize {} has no name", static_cast<int>(how));
}

const char* resize_name(Resize how) {
  switch (how) {
    case Resize::bilinear:
      return "bilinear";
    case Resize::bilinear_tf1:
      return "bilinear_tf1";
    case Resize::bicubic_pil:
      return "bicubic_pil";
  }
  fail(ErrorCode::internal, "resize {} has no name", static_cast<int>(how));
}

}  // namespace alea
