#include "run/originals.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "core/error.h"
#include "core/sha256.h"
#include "protocols/array_names.h"

namespace alea {
namespace {

bool is_grey(const Picture& picture) {
  for (std::size_t i = 0; i + 2 < picture.pixels.size(); i += 3)
    if (picture.pixels[i] != picture.pixels[i + 1] || picture.pixels[i] != picture.pixels[i + 2]) return false;
  return true;
}

/// Sources give grey images as three equal channels.
void copy_pixels(const Picture& picture, const ImageShape& shape, const std::string& name, std::uint8_t* to) {
  const auto [channels, height, width] = shape;
  if (picture.height != height || picture.width != width)
    fail(ErrorCode::shape, "{}: expected {} x {} pixels, as the network makes, found {} x {}; resize the set first", name, height,
         width, picture.height, picture.width);
  if (picture.channels == channels) {
    std::ranges::copy(picture.pixels, to);
    return;
  }
  const bool grey_of_three = channels == 1 && picture.channels == 3 && is_grey(picture);
  if (!grey_of_three)
    fail(ErrorCode::shape, "{}: expected {} channel(s), as the network makes, found {}", name, channels, picture.channels);
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) *to++ = picture.pixels[i];
}

}  // namespace

at::Tensor image_values(const at::Tensor& pixels) {
  return pixels.permute({0, 3, 1, 2}).to(at::kFloat).contiguous().div(127.5).sub(1);
}

Originals::Originals(const std::string& what, std::uint64_t n, const ImageShape& shape)
    : what_(what), shape_(shape), source_(open_image_source(what, {.limit = n})), labels_(source_->labels()) {
  if (source_->size() < n)
    fail(ErrorCode::config, "/images: {} are wanted, but {} has {}; lower /images or choose another /dataset", n, what,
         source_->size());
}

at::Tensor Originals::pixels(const Ids& ids) const {
  at::Tensor out = at::empty({static_cast<std::int64_t>(ids.size()), shape_.height, shape_.width, shape_.channels},
                             at::TensorOptions(at::kByte));
  auto* to = out.mutable_data_ptr<std::uint8_t>();
  for (const SampleId wanted : ids) {
    const std::uint64_t id = place_of(wanted);
    copy_pixels(source_->read(id), shape_, source_->name(id), to);
    to += shape_.elements();
  }
  return out;
}

at::Tensor Originals::images(const Ids& ids) const { return image_values(pixels(ids)); }

at::Tensor Originals::labels(const Ids& ids, int n_classes) const {
  if (n_classes == 0) return {};
  if (labels_.n_classes != static_cast<std::uint32_t>(n_classes))
    fail(
        ErrorCode::config,
        "/dataset: the network has {} classes, {} has {}; choose a named set (alea list datasets), or a folder with one folder a "
        "class",
        n_classes, what_, labels_.n_classes == 0 ? "none" : std::to_string(labels_.n_classes));
  at::Tensor out = at::empty({static_cast<std::int64_t>(ids.size())}, at::kLong);
  auto* to = out.mutable_data_ptr<std::int64_t>();
  for (const SampleId id : ids) *to++ = labels_.of[place_of(id)];
  return out;
}

std::string originals_sha256(const Store& store) {
  Sha256 hash;
  for (const BlockRange& range : store.blocks())
    hash.update(store.get_block(array_names::kBlocks, range).at(array_names::kOriginals).bytes);
  return hash.hex();
}

}  // namespace alea
