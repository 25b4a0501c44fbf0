#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "data/image_source.h"
#include "models/denoiser.h"

namespace alea {

/// Images on the scale that denoisers are trained on: [B, c, h, w] float32 in [-1, 1]. There is no way to make one but from 8-bit
/// pictures, 0 becoming -1 and 255 becoming 1, so no other scale can get in.
class UnitImages {
 public:
  /// Images `which` of the source, in that order. Error{data} naming the image where one has another size than `shape`, or
  /// colours where `shape` has one channel.
  UnitImages(const ImageSource& source, const std::vector<std::uint64_t>& which, const ImageShape& shape);
  const at::Tensor& tensor() const { return values_; }

 private:
  at::Tensor values_;
};

}  // namespace alea
