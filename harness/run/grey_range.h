#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "models/feature_network.h"

namespace alea {

/// Least and greatest grey level of a batch that is stretched together.
struct GreyRange {
  std::uint8_t low = 0, high = 255;

  bool is_full() const { return low == 0 && high == 255; }
  bool operator==(const GreyRange&) const = default;
};

/// Of each image, the range of the `batch` consecutive images that it is one of; a last, smaller batch has its own. `size` is an
/// image's bytes. Images that are one grey level alone have no range to be stretched, and keep the full one.
std::vector<GreyRange> grey_ranges(std::span<const std::uint8_t> images, std::size_t size, std::size_t batch);

/// prepare(images) of images [B, c, h, w] that are stretched from their ranges to 0..255 first, without rounding to whole grey
/// levels: the released code's normalisation (official-code, 5.5). For networks that prepare images by a map that is linear but
/// for a constant: resizing and scaling are. ranges: at least B.
at::Tensor prepare_stretched(FeatureNetwork& network, const at::Tensor& images, std::span<const GreyRange> ranges);

}  // namespace alea
