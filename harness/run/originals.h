#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "core/ids.h"
#include "data/image_source.h"
#include "models/denoiser.h"

namespace alea {

/// uint8 pixels [B, h, w, c] as a network sees images: [B, c, h, w] float32, pixel/127.5 - 1.
at::Tensor image_values(const at::Tensor& pixels);

/// Real images by id, its place in a set, as a network sees images.
class Originals {
 public:
  /// `what` as open_image_source takes it. Error{config} for fewer than n images; otherwise its errors.
  Originals(const std::string& what, std::uint64_t n, const ImageShape& shape);

  /// image_values() of them, on the CPU; ids past the end, which pad the last micro-batch, have the last image.
  /// Error{shape} naming an image of another extent, or one with colours for a network of grey images.
  at::Tensor images(const Ids& ids) const;
  /// [B, h, w, c] uint8, as stored in the set.
  at::Tensor pixels(const Ids& ids) const;

 private:
  ImageShape shape_;
  std::unique_ptr<ImageSource> source_;
};

}  // namespace alea
