#include "models/preprocess.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <array>

#include "core/error.h"
#include "models/resize.h"

namespace alea {
namespace {

// Of ImageNet's training images, as torchvision's models expect them.
constexpr std::array<float, 3> kImageNetMean = {0.485f, 0.456f, 0.406f}, kImageNetDeviation = {0.229f, 0.224f, 0.225f};

at::Tensor per_channel(const std::array<float, 3>& values) { return at::tensor(at::ArrayRef<float>(values)).view({1, 3, 1, 1}); }

Resize resize_of(const std::string& name) {
  for (const Resize how : {Resize::bilinear, Resize::bilinear_tf1, Resize::bicubic_pil})
    if (name == resize_name(how)) return how;
  fail(ErrorCode::internal, "resize \"{}\" isn't known", name);
}

/// x in 0..255.
at::Tensor normalise(const at::Tensor& x, const std::string& how) {
  if (how == "torch") return 2 * (x / 255) - 1;
  if (how == "tf") return (x - 128) / 128;
  if (how == "imagenet") return (x / 255 - per_channel(kImageNetMean)) / per_channel(kImageNetDeviation);
  ALEA_CHECK(how == "unit" || how == "zero_pad", "normalisation \"{}\" isn't known", how);
  return x / 255;
}

/// Black all round up to the extent; larger images by nearest neighbour. As the paper's code feeds generated images to VGG16.
at::Tensor zero_pad(const at::Tensor& x, std::int64_t side) {
  if (x.size(2) > side || x.size(3) > side) return at::upsample_nearest2d(x, {side, side});
  const std::int64_t top = (side - x.size(2)) / 2, left = (side - x.size(3)) / 2;
  return at::constant_pad_nd(x, {left, side - x.size(3) - left, top, side - x.size(2) - top});
}

}  // namespace

at::Tensor preprocess_images(const at::Tensor& images, const EncoderOptions& options) {
  if (images.dim() != 4 || images.size(1) != 3 || images.scalar_type() != at::kByte)
    fail(ErrorCode::shape, "{}: expected images [B, 3, h, w] of 8-bit integers", options.network);
  const at::Tensor x = images.to(at::kFloat);
  const bool pads = options.normalise == "zero_pad";
  const at::Tensor sized =
      pads ? zero_pad(x, options.input) : resize_images(x, options.input, options.input, resize_of(options.resize));
  return normalise(sized, options.normalise);
}

}  // namespace alea
