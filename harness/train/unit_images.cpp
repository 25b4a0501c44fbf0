#include "train/unit_images.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "core/error.h"

namespace alea {
namespace {

/// Interleaved RGB -> planes. A grey image has three equal ones.
void copy_planes(const Picture& picture, const ImageShape& shape, const std::string& name, std::uint8_t* out) {
  if (picture.width != shape.width || picture.height != shape.height || picture.channels != 3)
    fail(ErrorCode::data, "{}: expected an image of {} x {} pixels (width x height), found {} x {}; resize the set first", name,
         shape.width, shape.height, picture.width, picture.height);
  const std::size_t pixels = static_cast<std::size_t>(shape.width) * shape.height;
  for (std::size_t p = 0; p < pixels; ++p) {
    const std::uint8_t* rgb = picture.pixels.data() + 3 * p;
    if (shape.channels == 1 && (rgb[0] != rgb[1] || rgb[0] != rgb[2]))
      fail(ErrorCode::data, "{}: the network takes grey images, this one has colours", name);
    for (int c = 0; c < shape.channels; ++c) out[static_cast<std::size_t>(c) * pixels + p] = rgb[c];
  }
}

}  // namespace

UnitImages::UnitImages(const ImageSource& source, const std::vector<std::uint64_t>& which, const ImageShape& shape) {
  if (shape.channels != 1 && shape.channels != 3)
    fail(ErrorCode::config, "images have 1 or 3 channels, the network's have {}", shape.channels);
  const at::Tensor bytes =
      at::empty({static_cast<std::int64_t>(which.size()), shape.channels, shape.height, shape.width}, at::kByte);
  std::uint8_t* out = bytes.mutable_data_ptr<std::uint8_t>();
  for (const std::uint64_t i : which) {
    copy_planes(source.read(i), shape, source.name(i), out);
    out += shape.elements();
  }
  values_ = bytes.to(at::kFloat).div(127.5).sub(1.0);
}

}  // namespace alea
