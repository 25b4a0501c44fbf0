#include "models/nn/group_norm_silu.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "models/nn/kernels.h"

namespace alea::nn {
namespace {

/// exp(y) for y <= 0 to a few ulp by range reduction and a polynomial: no library call (nor std::fmax, which is one), so the loop
/// over channels vectorises.
inline float exp_of_negative(float y) {
  const float x = (y > -87.0f ? y : -87.0f) * 1.442695041f;
  const float n = std::nearbyint(x);
  const float f = (x - n) * 0.6931471806f;
  float p = 1.0f / 5040;
  p = p * f + 1.0f / 720;
  p = p * f + 1.0f / 120;
  p = p * f + 1.0f / 24;
  p = p * f + 1.0f / 6;
  p = p * f + 0.5f;
  p = p * f + 1.0f;
  p = p * f + 1.0f;
  const auto exponent = static_cast<std::int32_t>(n) + 127;
  return p * std::bit_cast<float>(exponent << 23);
}

inline float silu(float y) {
  const float e = exp_of_negative(-std::fabs(y));
  return y * (y >= 0 ? 1.0f : e) / (1.0f + e);
}

struct Shape {
  std::int64_t channels, pixels;
  int groups;
};

/// Sum over pixels of (x - offset_c)^power, by channel.
template <int power>
void channel_sums(const float* x, const Shape& shape, const float* offset, float* sums) {
  for (std::int64_t c = 0; c < shape.channels; ++c) sums[c] = 0;
  for (std::int64_t i = 0; i < shape.pixels; ++i, x += shape.channels)
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      const float d = x[c] - offset[c];
      sums[c] += power == 1 ? d : d * d;
    }
}

/// Mean over each group's channels and pixels of the channel sums, handed back to every channel of the group.
void group_means(const float* sums, const Shape& shape, float* means) {
  const std::int64_t width = shape.channels / shape.groups;
  for (int g = 0; g < shape.groups; ++g) {
    double total = 0;
    for (std::int64_t c = g * width; c < (g + 1) * width; ++c) total += sums[c];
    const auto mean = static_cast<float>(total / static_cast<double>(width * shape.pixels));
    for (std::int64_t c = g * width; c < (g + 1) * width; ++c) means[c] = mean;
  }
}

void normalise_row(const float* x, float* out, const Shape& shape, const float* scale, const float* shift, double eps) {
  const auto channels = static_cast<std::size_t>(shape.channels);
  std::vector<float> zero(channels, 0.0f), sums(channels), mean(channels), variance(channels), slope(channels),
      intercept(channels);
  channel_sums<1>(x, shape, zero.data(), sums.data());
  group_means(sums.data(), shape, mean.data());
  channel_sums<2>(x, shape, mean.data(), sums.data());
  group_means(sums.data(), shape, variance.data());
  for (std::size_t c = 0; c < channels; ++c) {
    slope[c] = static_cast<float>(scale[c] / std::sqrt(variance[c] + eps));
    intercept[c] = shift[c] - mean[c] * slope[c];
  }
  const float* a = slope.data();
  const float* b = intercept.data();
  for (std::int64_t i = 0; i < shape.pixels; ++i, x += shape.channels, out += shape.channels)
    for (std::int64_t c = 0; c < shape.channels; ++c) out[c] = silu(x[c] * a[c] + b[c]);
}

}  // namespace

bool can_fuse_group_norm_silu(const at::Tensor& x, const at::Tensor& scale) {
  const bool recorded = at::GradMode::is_enabled() && (x.requires_grad() || scale.requires_grad());
  return !recorded && takes_cpu_kernels(x) && x.scalar_type() == at::kFloat && scale.scalar_type() == at::kFloat &&
         x.dim() == 4 && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor group_norm_silu(const at::Tensor& x, int groups, const at::Tensor& scale, const at::Tensor& shift, double eps) {
  const at::Tensor out = at::empty_like(x);
  const Shape shape{x.size(1), x.size(2) * x.size(3), groups};
  const float* from = x.const_data_ptr<float>();
  float* to = out.mutable_data_ptr<float>();
  const float* scales = scale.const_data_ptr<float>();
  const float* shifts = shift.const_data_ptr<float>();
  const std::int64_t row = shape.channels * shape.pixels;
  const std::int64_t step = scale.dim() == 2 ? shape.channels : 0;
  at::parallel_for(0, x.size(0), 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t b = first; b < last; ++b)
      normalise_row(from + b * row, to + b * row, shape, scales + b * step, shifts + b * step, eps);
  });
  return out;
}

}  // namespace alea::nn
