#include "run/grey_range.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

namespace alea {

std::vector<GreyRange> grey_ranges(std::span<const std::uint8_t> images, std::size_t size, std::size_t batch) {
  std::vector<GreyRange> out;
  for (std::size_t first = 0; first < images.size(); first += batch * size) {
    const auto together = images.subspan(first, std::min(batch * size, images.size() - first));
    const auto [low, high] = std::ranges::minmax(together);
    out.insert(out.end(), together.size() / size, low == high ? GreyRange{} : GreyRange{low, high});
  }
  return out;
}

at::Tensor prepare_stretched(FeatureNetwork& network, const at::Tensor& images, std::span<const GreyRange> ranges) {
  const at::Tensor prepared = network.prepare(images);
  const at::Tensor black = network.prepare(at::zeros_like(images));
  at::Tensor out = prepared.clone();
  for (std::int64_t i = 0; i < images.size(0); ++i) {
    const GreyRange& range = ranges[static_cast<std::size_t>(i)];
    if (range.is_full()) continue;
    const at::Tensor level = network.prepare(at::full_like(images.narrow(0, i, 1), range.low)).select(0, 0);
    out.select(0, i).copy_(black.select(0, i) + (prepared.select(0, i) - level) * (255.0 / (range.high - range.low)));
  }
  return out;
}

}  // namespace alea
