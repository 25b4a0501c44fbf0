#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <memory>
#include <string>

#include "core/ids.h"
#include "data/image_source.h"
#include "models/denoiser.h"
#include "store/store.h"

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
  /// Their classes for a network of n_classes: [B] int64; undefined for 0. Error{config} where the set has no classes, or another
  /// number of them.
  at::Tensor labels(const Ids& ids, int n_classes) const;

 private:
  std::uint64_t place_of(SampleId id) const { return std::min<std::uint64_t>(id, source_->size() - 1); }

  std::string what_;
  ImageShape shape_;
  std::unique_ptr<ImageSource> source_;
  ImageLabels labels_;
};

/// sha256 over the pixels of the originals that a run stored, in order of ids.
std::string originals_sha256(const Store& store);

}  // namespace alea
