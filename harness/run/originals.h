#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "core/config.h"
#include "core/ids.h"
#include "data/image_source.h"
#include "models/denoiser.h"

namespace alea {

/// Real images by id, its place in a set, as a network sees images.
class Originals {
 public:
  /// `what` as open_image_source takes it. Error{config} for fewer than n images; otherwise its errors.
  Originals(const std::string& what, std::uint64_t n, const ImageShape& shape);

  /// [B, c, h, w] float32 on the CPU, pixel/127.5 - 1; ids past the end, which pad the last micro-batch, have the last image.
  /// Error{shape} naming an image of another extent, or one with colours for a network of grey images.
  at::Tensor images(const Ids& ids) const;
  /// [B, h, w, c] uint8, as stored in the set.
  at::Tensor pixels(const Ids& ids) const;
  /// What a record says about the set, with its digest: reads all of it once.
  Json facts() const;

 private:
  std::string what_;
  ImageShape shape_;
  std::unique_ptr<ImageSource> source_;
};

}  // namespace alea
