#include "protocols/planted.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/philox.h"

namespace alea {
namespace {

constexpr std::uint32_t kChoiceSite = 0;
constexpr std::uint32_t kNoiseSite = 1;

}  // namespace

Ids planted_ids(std::uint64_t seed, std::uint64_t n_samples) {
  std::vector<std::uint32_t> order(n_samples);
  std::iota(order.begin(), order.end(), 0u);
  fill_permutation({.seed = seed, .stream = Stream::planted_defect, .site = kChoiceSite}, order);
  Ids ids(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n_samples / 6));
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<std::uint8_t> plant_defect(std::span<const std::uint8_t> image, double strength, std::uint64_t seed, SampleId id) {
  std::vector<float> noise(image.size());
  fill_normal({.seed = seed, .stream = Stream::planted_defect, .site = kNoiseSite, .id = id}, noise);
  std::vector<std::uint8_t> out(image.size());
  for (std::size_t i = 0; i < image.size(); ++i)
    out[i] = static_cast<std::uint8_t>(std::lround(std::clamp(image[i] + strength * noise[i], 0.0, 255.0)));
  return out;
}

}  // namespace alea
