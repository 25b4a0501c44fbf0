#include "protocols/free_scores.h"

#include <cstdlib>

#include "core/error.h"

namespace alea {

double total_variation(std::span<const std::uint8_t> image, std::uint64_t height, std::uint64_t width, std::uint64_t channels) {
  if (image.size() != height * width * channels)
    fail(ErrorCode::shape, "total variation: expected {} x {} x {} values, found {}", height, width, channels, image.size());
  const std::uint64_t row = width * channels;
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < image.size(); ++i) {
    if (i % row + channels < row) sum += static_cast<std::uint64_t>(std::abs(image[i + channels] - image[i]));
    if (i + row < image.size()) sum += static_cast<std::uint64_t>(std::abs(image[i + row] - image[i]));
  }
  return static_cast<double>(sum);
}

}  // namespace alea
