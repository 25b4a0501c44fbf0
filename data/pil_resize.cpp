#include "data/pil_resize.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/error.h"

namespace alea {
namespace {

constexpr int kFractionBits = 22;  // 32 - 8 of a pixel - 2 for the overshoot of bicubic

double box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

/// Keys' cubic with a = -1/2, in the order of operations that decides the last bit.
double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

/// Source pixels of one target pixel along an axis and their weights, which sum to 1.
struct Taps {
  int first = 0;
  std::vector<std::int32_t> weights;
};

std::int32_t as_fixed(double weight) {
  return static_cast<std::int32_t>((weight < 0 ? -0.5 : 0.5) + weight * (1 << kFractionBits));
}

Taps taps_of(int target, double scale, int in, PilFilter filter) {
  const double stretch = std::max(scale, 1.0);
  const double support = (filter == PilFilter::box ? 0.5 : 2.0) * stretch;
  const double centre = (target + 0.5) * scale, inverse = 1.0 / stretch;
  const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
  const int last = std::min(static_cast<int>(centre + support + 0.5), in);
  std::vector<double> weights;
  double sum = 0;
  for (int i = first; i < last; ++i) {
    const double x = (i - centre + 0.5) * inverse;
    weights.push_back(filter == PilFilter::box ? box(x) : bicubic(x));
    sum += weights.back();
  }
  Taps taps{first, {}};
  for (const double weight : weights) taps.weights.push_back(as_fixed(sum != 0.0 ? weight / sum : weight));
  return taps;
}

std::vector<Taps> taps_of_axis(int in, int out, PilFilter filter) {
  std::vector<Taps> taps;
  for (int target = 0; target < out; ++target) taps.push_back(taps_of(target, static_cast<double>(in) / out, in, filter));
  return taps;
}

std::uint8_t weighted(const std::uint8_t* pixels, std::size_t stride, const Taps& taps) {
  std::int32_t sum = 1 << (kFractionBits - 1);
  for (const std::int32_t weight : taps.weights) {
    sum += *pixels * weight;
    pixels += stride;
  }
  return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

Picture resize_rows(const Picture& in, int width, PilFilter filter) {
  const auto taps = taps_of_axis(in.width, width, filter);
  const std::size_t channels = static_cast<std::size_t>(in.channels);
  Picture out{width, in.height, in.channels, {}};
  out.pixels.reserve(static_cast<std::size_t>(width) * in.height * channels);
  for (int y = 0; y < in.height; ++y)
    for (const Taps& tap : taps)
      for (std::size_t c = 0; c < channels; ++c)
        out.pixels.push_back(
            weighted(in.pixels.data() + (static_cast<std::size_t>(y) * in.width + tap.first) * channels + c, channels, tap));
  return out;
}

Picture resize_columns(const Picture& in, int height, PilFilter filter) {
  const std::size_t row = static_cast<std::size_t>(in.width) * in.channels;
  Picture out{in.width, height, in.channels, {}};
  out.pixels.reserve(row * height);
  for (const Taps& tap : taps_of_axis(in.height, height, filter))
    for (std::size_t i = 0; i < row; ++i)
      out.pixels.push_back(weighted(in.pixels.data() + static_cast<std::size_t>(tap.first) * row + i, row, tap));
  return out;
}

}  // namespace

Picture resize_as_pil(const Picture& picture, int width, int height, PilFilter filter) {
  const auto expected = static_cast<std::size_t>(picture.width) * picture.height * picture.channels;
  if (width < 1 || height < 1 || expected == 0 || picture.pixels.size() != expected)
    fail(ErrorCode::shape, "resize: {} x {} x {} pixels (width x height x channels), found {} values, to {} x {}", picture.width,
         picture.height, picture.channels, picture.pixels.size(), width, height);
  Picture out = picture.width == width ? picture : resize_rows(picture, width, filter);
  return out.height == height ? out : resize_columns(out, height, filter);
}

}  // namespace alea
