#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "formats/png.h"

namespace alea {
namespace {

using Rgb = std::array<std::uint8_t, 3>;

/// Viridis (van der Walt and Smith, CC0) as RRGGBB at equal steps; a straight line between them stays within 2 of 255.
constexpr std::array<std::uint32_t, 31> kViridis{0x440154, 0x470e61, 0x481a6c, 0x482575, 0x472f7d, 0x443a83, 0x414487, 0x3d4d8a,
                                                 0x39568c, 0x345f8d, 0x31688e, 0x2d708e, 0x2a788e, 0x27808e, 0x23888e, 0x21908c,
                                                 0x1f988b, 0x1fa088, 0x22a884, 0x2ab07f, 0x35b779, 0x43bf71, 0x54c568, 0x66cc5d,
                                                 0x7ad151, 0x8fd744, 0xa5db36, 0xbcdf27, 0xd2e21b, 0xe8e419, 0xfde725};
constexpr Rgb kNotFinite{255, 0, 0};  // far from every colour of the map

Rgb viridis(double fraction) {
  const double place = std::clamp(fraction, 0.0, 1.0) * (kViridis.size() - 1);
  const auto left = std::min(static_cast<std::size_t>(place), kViridis.size() - 2);
  const double weight = place - static_cast<double>(left);
  Rgb colour;
  for (std::size_t c = 0; c < colour.size(); ++c) {
    const auto channel = [c](std::uint32_t rgb) { return rgb >> (16 - 8 * c) & 0xff; };
    colour[c] =
        static_cast<std::uint8_t>(std::lround((1 - weight) * channel(kViridis[left]) + weight * channel(kViridis[left + 1])));
  }
  return colour;
}

Picture blank(std::int64_t width, std::int64_t height, int channels, std::uint8_t value) {
  constexpr std::int64_t kMaxSide = 1'000'000;  // libpng writes no larger picture
  constexpr std::int64_t kMaxBytes = std::int64_t{1} << 31;
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide || width * height * channels > kMaxBytes)
    fail(ErrorCode::domain, "a picture has 1 to {} pixels a side and at most 2^31 bytes, found {}x{}", kMaxSide, width, height);
  return {static_cast<int>(width), static_cast<int>(height), channels,
          std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * channels), value)};
}

void check_picture(const Picture& picture) {
  const auto expected = static_cast<std::size_t>(picture.width) * picture.height * picture.channels;
  if (picture.width < 1 || picture.height < 1 || (picture.channels != 1 && picture.channels != 3) ||
      picture.pixels.size() != expected)
    fail(ErrorCode::shape, "expected a grey or RGB picture, found {}x{} with {} channels in {} bytes", picture.width,
         picture.height, picture.channels, picture.pixels.size());
}

std::size_t pixel_index(const Picture& picture, int x, int y) {
  return (static_cast<std::size_t>(y) * picture.width + x) * picture.channels;
}

/// A grey source fills all the channels of an RGB target.
void paste(const Picture& from, Picture& to, int left, int top) {
  for (int y = 0; y < from.height; ++y)
    for (int x = 0; x < from.width; ++x)
      for (int c = 0; c < to.channels; ++c)
        to.pixels[pixel_index(to, left + x, top + y) + c] = from.pixels[pixel_index(from, x, y) + (from.channels == 1 ? 0 : c)];
}

}  // namespace

Picture magnify(const Picture& picture, int factor) {
  check_picture(picture);
  if (factor < 1) fail(ErrorCode::domain, "magnify: expected a factor of at least 1, found {}", factor);
  Picture out = blank(std::int64_t{picture.width} * factor, std::int64_t{picture.height} * factor, picture.channels, 0);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x)
      std::copy_n(picture.pixels.begin() + static_cast<std::ptrdiff_t>(pixel_index(picture, x / factor, y / factor)),
                  picture.channels, out.pixels.begin() + static_cast<std::ptrdiff_t>(pixel_index(out, x, y)));
  return out;
}

Picture tile(std::span<const Picture> pictures, int columns, int gap, std::uint8_t background) {
  if (pictures.empty() || columns < 1 || gap < 0)
    fail(ErrorCode::domain, "tile: expected a picture, a column and no negative gap, found {} pictures, {} columns and gap {}",
         pictures.size(), columns, gap);
  const int width = pictures[0].width, height = pictures[0].height;
  int channels = 1;
  for (const auto& picture : pictures) {
    check_picture(picture);
    if (picture.width != width || picture.height != height)
      fail(ErrorCode::shape, "tile: expected pictures of {}x{}, found one of {}x{}", width, height, picture.width,
           picture.height);
    channels = std::max(channels, picture.channels);
  }
  const auto n = static_cast<std::int64_t>(pictures.size());
  const std::int64_t across = std::min<std::int64_t>(columns, n), down = (n + columns - 1) / columns;
  Picture out = blank(across * width + (across - 1) * gap, down * height + (down - 1) * gap, channels, background);
  for (std::int64_t i = 0; i < n; ++i)
    paste(pictures[static_cast<std::size_t>(i)], out, static_cast<int>(i % columns) * (width + gap),
          static_cast<int>(i / columns) * (height + gap));
  return out;
}

Picture colour_map(std::span<const float> values, int width, int height, float low, float high) {
  if (!std::isfinite(low) || !std::isfinite(high) || low > high)
    fail(ErrorCode::domain, "colour_map: expected finite low <= high, found {} and {}", low, high);
  Picture out = blank(width, height, 3, 0);
  if (values.size() * 3 != out.pixels.size())
    fail(ErrorCode::shape, "colour_map: a {}x{} map expects {} values, found {}", width, height, out.pixels.size() / 3,
         values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double range = double{high} - double{low};
    const double fraction = range > 0 ? (double{values[i]} - double{low}) / range : (values[i] > high ? 1.0 : 0.0);
    const Rgb colour = std::isfinite(values[i]) ? viridis(fraction) : kNotFinite;
    std::copy(colour.begin(), colour.end(), out.pixels.begin() + static_cast<std::ptrdiff_t>(i * 3));
  }
  return out;
}

}  // namespace alea
