#include "models/resize.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"

namespace alea {
namespace {

/// The two source pixels of a target pixel along one axis and the weight of the second.
struct Tap {
  std::int64_t low, high;
  float weight;
};

/// `offset`: of pixel centres, 0.5 or 0; a source before the first pixel is the first pixel. Fused as in torch's builds: rounding
/// the product alone is worth 1e-3 of a grey level in images of 500 pixels.
std::vector<Tap> linear_taps(std::int64_t in, std::int64_t out, float offset) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  std::vector<Tap> taps(static_cast<std::size_t>(out));
  for (std::size_t i = 0; i < taps.size(); ++i) {
    const float source = std::max(std::fma(static_cast<float>(i) + offset, scale, -offset), 0.0f);
    const std::int64_t low = std::min(static_cast<std::int64_t>(source), in - 1);
    taps[i] = {low, std::min(low + 1, in - 1), source - static_cast<float>(low)};
  }
  return taps;
}

float mix(float a, float b, float weight) { return a + (b - a) * weight; }

/// Not at::upsample_bilinear2d: its bits depend on the number of threads.
at::Tensor bilinear(const at::Tensor& x, std::int64_t height, std::int64_t width, float offset) {
  if (x.size(2) == height && x.size(3) == width) return x;
  const std::int64_t planes = x.size(0) * x.size(1), in_height = x.size(2), in_width = x.size(3);
  const auto columns = linear_taps(in_width, width, offset), rows = linear_taps(in_height, height, offset);
  const at::Tensor source = x.contiguous(), resized = at::empty({x.size(0), x.size(1), height, width});
  const float* in = source.const_data_ptr<float>();
  float* out = resized.mutable_data_ptr<float>();
  std::vector<float> wide(static_cast<std::size_t>(in_height * width));
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    float* mixed = wide.data();
    for (std::int64_t y = 0; y < in_height; ++y, in += in_width)
      for (const Tap& tap : columns) *mixed++ = mix(in[tap.low], in[tap.high], tap.weight);
    for (const Tap& tap : rows) {
      const float *a = wide.data() + tap.low * width, *b = wide.data() + tap.high * width;
      for (std::int64_t i = 0; i < width; ++i) *out++ = mix(a[i], b[i], tap.weight);
    }
  }
  return resized;
}

/// PIL filters the rows, then the columns, each in double, and keeps float between: torch's antialiased kernel is the same
/// filter.
at::Tensor bicubic_pil(const at::Tensor& x, std::int64_t height, std::int64_t width) {
  return at::_upsample_bicubic2d_aa(x, {height, width}, false).clamp(0, 255);
}

}  // namespace

at::Tensor resize_images(const at::Tensor& x, int height, int width, Resize how) {
  if (x.dim() != 4 || x.scalar_type() != at::kFloat || !x.is_cpu())
    fail(ErrorCode::shape, "resize: expected float32 [B, c, h, w] on the CPU");
  switch (how) {
    case Resize::bilinear:
      return bilinear(x, height, width, 0.5f);
    case Resize::bilinear_tf1:
      return bilinear(x, height, width, 0.0f);
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
