#pragma once

#include <cstdint>
#include <span>

namespace alea {

/// Extent of one image, and of its uncertainty map.
struct ImageExtent {
  int channels = 0, height = 0, width = 0;
  std::size_t elements() const { return std::size_t(channels) * height * width; }
  bool operator==(const ImageExtent&) const = default;
};

/// One image as networks hold it, [c, h, w] in -1..1, as it is stored, [h, w, c] in 0..255:
/// round(255 clamp(x/2 + 1/2, 0, 1)), halves away from zero. x must be finite.
void quantise_image(std::span<const float> chw, const ImageExtent& extent, std::span<std::uint8_t> hwc);

/// [c, h, w] -> [h, w, c], values kept.
void interleave_channels(std::span<const float> chw, const ImageExtent& extent, std::span<float> hwc);

template <class T>
bool all_finite(std::span<const T> values);

}  // namespace alea
