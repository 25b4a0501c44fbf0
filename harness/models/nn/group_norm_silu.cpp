#include "models/nn/group_norm_silu.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <c10/util/BFloat16.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>
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

/// bfloat16 is the upper half of float32: written in integers, loops over it vectorise.
inline float to_float(float value) { return value; }
inline float to_float(c10::BFloat16 value) { return std::bit_cast<float>(std::uint32_t{value.x} << 16); }

/// To the nearest, ties to even.
inline c10::BFloat16 to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return {static_cast<std::uint16_t>(value == value ? rounded : 0x7fc0u), c10::BFloat16::from_bits()};
}

template <class Out>
Out rounded_to(float value) {
  if constexpr (std::is_same_v<Out, float>)
    return value;
  else
    return to_bfloat16(value);
}

struct Shape {
  std::int64_t channels, pixels;
  int groups;
};

/// One row: x + offset [C], where there is an offset.
template <class In, bool has_offset>
struct Row {
  const In* x;
  const float* offset;
  float operator()(std::int64_t pixel, std::int64_t channels, std::int64_t c) const {
    const float value = to_float(x[pixel * channels + c]);
    if constexpr (has_offset) return value + offset[c];
    return value;
  }
};

/// Sum over pixels of (value - centre_c)^power, by channel.
template <int power, class Row>
void channel_sums(const Row& row, const Shape& shape, const float* centre, float* sums) {
  for (std::int64_t c = 0; c < shape.channels; ++c) sums[c] = 0;
  for (std::int64_t i = 0; i < shape.pixels; ++i)
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      const float d = row(i, shape.channels, c) - centre[c];
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

struct Affine {
  const float *scale, *shift;  ///< [C]
  double eps;
};

template <bool silu_after, class Out, class Row>
void normalise_row(const Row& row, Out* out, const Shape& shape, const Affine& affine) {
  const auto channels = static_cast<std::size_t>(shape.channels);
  std::vector<float> zero(channels, 0.0f), sums(channels), mean(channels), variance(channels), slope(channels),
      intercept(channels);
  channel_sums<1>(row, shape, zero.data(), sums.data());
  group_means(sums.data(), shape, mean.data());
  channel_sums<2>(row, shape, mean.data(), sums.data());
  group_means(sums.data(), shape, variance.data());
  for (std::size_t c = 0; c < channels; ++c) {
    slope[c] = static_cast<float>(affine.scale[c] / std::sqrt(variance[c] + affine.eps));
    intercept[c] = affine.shift[c] - mean[c] * slope[c];
  }
  const float* a = slope.data();
  const float* b = intercept.data();
  for (std::int64_t i = 0; i < shape.pixels; ++i, out += shape.channels)
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      const float y = row(i, shape.channels, c) * a[c] + b[c];
      out[c] = rounded_to<Out>(silu_after ? silu(y) : y);
    }
}

template <class In, class Out, bool has_offset, bool silu_after>
void normalise_rows(const at::Tensor& x, const FusedNorm& call, at::Tensor& out) {
  const Shape shape{x.size(1), x.size(2) * x.size(3), call.groups};
  const In* from = x.const_data_ptr<In>();
  Out* to = out.mutable_data_ptr<Out>();
  const float* scale = call.scale.const_data_ptr<float>();
  const float* shift = call.shift.const_data_ptr<float>();
  const float* offset = has_offset ? call.row_offset.const_data_ptr<float>() : nullptr;
  const std::int64_t size = shape.channels * shape.pixels;
  const std::int64_t step = call.scale.dim() == 2 ? shape.channels : 0;
  at::parallel_for(0, x.size(0), 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t b = first; b < last; ++b) {
      const Row<In, has_offset> row{from + b * size, has_offset ? offset + b * shape.channels : nullptr};
      normalise_row<silu_after>(row, to + b * size, shape, {scale + b * step, shift + b * step, call.eps});
    }
  });
}

template <class In, class Out>
void normalise(const at::Tensor& x, const FusedNorm& call, at::Tensor& out) {
  const bool has_offset = call.row_offset.defined();
  const auto rows = has_offset ? (call.silu ? normalise_rows<In, Out, true, true> : normalise_rows<In, Out, true, false>)
                               : (call.silu ? normalise_rows<In, Out, false, true> : normalise_rows<In, Out, false, false>);
  rows(x, call, out);
}

bool is_plain_float(const at::Tensor& parameter) { return parameter.scalar_type() == at::kFloat && parameter.is_contiguous(); }

}  // namespace

bool can_fuse(const at::Tensor& x, const FusedNorm& call) {
  const bool has_offset = call.row_offset.defined();
  const bool recorded = at::GradMode::is_enabled() &&
                        (x.requires_grad() || call.scale.requires_grad() || (has_offset && call.row_offset.requires_grad()));
  const auto in = x.scalar_type(), out = call.out.value_or(in);
  const bool has_kernel = (in == at::kFloat || in == at::kBFloat16) && (out == at::kFloat || out == in);
  return !recorded && takes_cpu_kernels(x) && has_kernel && is_plain_float(call.scale) && is_plain_float(call.shift) &&
         (!has_offset || is_plain_float(call.row_offset)) && x.dim() == 4 && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor fused_group_norm(const at::Tensor& x, const FusedNorm& call) {
  const auto dtype = call.out.value_or(x.scalar_type());
  at::Tensor out = at::empty_like(x, x.options().dtype(dtype));
  if (x.scalar_type() == at::kFloat)
    normalise<float, float>(x, call, out);
  else if (dtype == at::kFloat)
    normalise<c10::BFloat16, float>(x, call, out);
  else
    normalise<c10::BFloat16, c10::BFloat16>(x, call, out);
  return out;
}

}  // namespace alea::nn
