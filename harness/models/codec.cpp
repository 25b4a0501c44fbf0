#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include "core/error.h"
#include "models/denoiser.h"

namespace alea {
namespace {

void require_images(const at::Tensor& x, const Codec& codec, const char* what) {
  if (codec.fold < 1) fail(ErrorCode::domain, "{}: a codec needs fold >= 1, found {}", what, codec.fold);
  if (x.dim() != 4) fail(ErrorCode::shape, "{}: expected [B, C, H, W], found {} dimensions", what, x.dim());
}

}  // namespace

at::Tensor Denoiser::to_image(const at::Tensor& x) const { return unfold_to_image(x, spec().codec); }

at::Tensor Denoiser::map_to_image(const at::Tensor& map) const { return unfold_to_image(map, spec().codec); }

at::Tensor Denoiser::from_image(const at::Tensor& image) const { return fold_from_image(image, spec().codec); }

ImageShape image_shape(const DenoiserSpec& spec) {
  if (spec.image) return *spec.image;
  const int fold = spec.codec.fold;
  ALEA_CHECK(fold >= 1 && spec.shape.channels % (fold * fold) == 0, "{} channels don't unfold {} x {}", spec.shape.channels, fold,
             fold);
  return {spec.shape.channels / (fold * fold), spec.shape.height * fold, spec.shape.width * fold};
}

at::Tensor unfold_to_image(const at::Tensor& x, const Codec& codec) {
  require_images(x, codec, "unfold_to_image");
  const std::int64_t f = codec.fold, b = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
  if (c % (f * f) != 0)
    fail(ErrorCode::shape, "unfold_to_image: {} channels are no multiple of fold^2 = {}; is the codec that of this network?", c,
         f * f);
  return x.reshape({b, c / (f * f), f, f, h, w}).permute({0, 1, 4, 2, 5, 3}).reshape({b, c / (f * f), h * f, w * f});
}

at::Tensor fold_from_image(const at::Tensor& image, const Codec& codec) {
  require_images(image, codec, "fold_from_image");
  const std::int64_t f = codec.fold, b = image.size(0), c = image.size(1), h = image.size(2), w = image.size(3);
  if (h % f != 0 || w % f != 0)
    fail(ErrorCode::shape, "fold_from_image: {} x {} pixels don't fold by {}; pad or resize the images first", h, w, f);
  return image.reshape({b, c, h / f, f, w / f, f}).permute({0, 1, 3, 5, 2, 4}).reshape({b, c * f * f, h / f, w / f});
}

}  // namespace alea
