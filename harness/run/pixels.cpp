#include "run/pixels.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace alea {

namespace {

template <class T, class Convert>
void to_hwc(std::span<const float> chw, const ImageExtent& extent, std::span<T> hwc, Convert convert) {
  ALEA_CHECK(chw.size() == extent.elements() && hwc.size() == extent.elements(), "{} and {} values for {} elements", chw.size(),
             hwc.size(), extent.elements());
  const std::size_t plane = std::size_t(extent.height) * extent.width;
  const std::size_t channels = std::size_t(extent.channels);
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t p = 0; p < plane; ++p) hwc[p * channels + c] = convert(chw[c * plane + p]);
}

}  // namespace

void quantise_image(std::span<const float> chw, const ImageExtent& extent, std::span<std::uint8_t> hwc) {
  to_hwc(chw, extent, hwc,
         [](float x) { return static_cast<std::uint8_t>(std::lround(std::clamp(x / 2.0f + 0.5f, 0.0f, 1.0f) * 255.0f)); });
}

void interleave_channels(std::span<const float> chw, const ImageExtent& extent, std::span<float> hwc) {
  to_hwc(chw, extent, hwc, [](float x) { return x; });
}

template <class T>
bool all_finite(std::span<const T> values) {
  return std::all_of(values.begin(), values.end(), [](T x) { return std::isfinite(x); });
}
template bool all_finite(std::span<const float>);
template bool all_finite(std::span<const double>);

}  // namespace alea
