#include "data/squaring.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "data/pil_resize.h"

namespace alea {
namespace {

Picture crop(const Picture& picture, int left, int top, int size) {
  const std::size_t channels = static_cast<std::size_t>(picture.channels), row = channels * picture.width;
  Picture out{size, size, picture.channels, {}};
  for (int y = top; y < top + size; ++y) {
    const auto from = picture.pixels.begin() + static_cast<std::ptrdiff_t>(y * row + left * channels);
    out.pixels.insert(out.pixels.end(), from, from + static_cast<std::ptrdiff_t>(size * channels));
  }
  return out;
}

/// Python's round(): half to even.
int rounded(double x) { return static_cast<int>(std::nearbyint(x)); }

Picture centre_crop(Picture picture, int size) {
  while (std::min(picture.width, picture.height) >= 2 * size)
    picture = resize_as_pil(picture, picture.width / 2, picture.height / 2, PilFilter::box);
  const double scale = static_cast<double>(size) / std::min(picture.width, picture.height);
  picture = resize_as_pil(picture, rounded(picture.width * scale), rounded(picture.height * scale), PilFilter::bicubic);
  return crop(picture, (picture.width - size) / 2, (picture.height - size) / 2, size);
}

}  // namespace

Picture make_square(const Picture& picture, int size, Squaring how) {
  if (size < 1 || picture.width < 1 || picture.height < 1)
    fail(ErrorCode::shape, "{} of {} x {} pixels to {}: expected extents of at least 1", squaring_name(how), picture.width,
         picture.height, size);
  if (how == Squaring::box_squash) return resize_as_pil(picture, size, size, PilFilter::box);
  return centre_crop(picture, size);
}

const char* squaring_name(Squaring how) { return how == Squaring::box_squash ? "box_squash" : "centre_crop"; }

}  // namespace alea
