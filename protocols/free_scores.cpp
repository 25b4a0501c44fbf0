#include "protocols/free_scores.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "core/error.h"

namespace alea {

namespace {

struct Extent {
  std::uint64_t height, width, channels;
};

void require_size(std::span<const std::uint8_t> image, const Extent& extent, const char* what) {
  if (image.size() != extent.height * extent.width * extent.channels)
    fail(ErrorCode::shape, "{}: expected {} x {} x {} values, found {}", what, extent.height, extent.width, extent.channels,
         image.size());
}

/// The 3x3 values around a place, those beyond a border being the border's.
std::array<std::array<int, 3>, 3> around(std::span<const std::uint8_t> image, const Extent& extent, std::uint64_t y,
                                         std::uint64_t x, std::uint64_t channel) {
  const std::uint64_t rows[3] = {y - (y > 0), y, std::min(y + 1, extent.height - 1)};
  const std::uint64_t columns[3] = {x - (x > 0), x, std::min(x + 1, extent.width - 1)};
  std::array<std::array<int, 3>, 3> out;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) out[i][j] = image[(rows[i] * extent.width + columns[j]) * extent.channels + channel];
  return out;
}

}  // namespace

double total_variation(std::span<const std::uint8_t> image, std::uint64_t height, std::uint64_t width, std::uint64_t channels) {
  require_size(image, {height, width, channels}, "total variation");
  const std::uint64_t row = width * channels;
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < image.size(); ++i) {
    if (i % row + channels < row) sum += static_cast<std::uint64_t>(std::abs(image[i + channels] - image[i]));
    if (i + row < image.size()) sum += static_cast<std::uint64_t>(std::abs(image[i + row] - image[i]));
  }
  return static_cast<double>(sum);
}

double edge_energy(std::span<const std::uint8_t> image, std::uint64_t height, std::uint64_t width, std::uint64_t channels) {
  const Extent extent{height, width, channels};
  require_size(image, extent, "edge map");
  double sum = 0;
  for (std::uint64_t y = 0; y < height; ++y)
    for (std::uint64_t x = 0; x < width; ++x)
      for (std::uint64_t c = 0; c < channels; ++c) {
        const auto v = around(image, extent, y, x, c);
        const int across = v[0][2] + 2 * v[1][2] + v[2][2] - v[0][0] - 2 * v[1][0] - v[2][0];
        const int down = v[2][0] + 2 * v[2][1] + v[2][2] - v[0][0] - 2 * v[0][1] - v[0][2];
        sum += std::sqrt(static_cast<double>(across * across + down * down)) / 8;
      }
  return sum;
}

}  // namespace alea
