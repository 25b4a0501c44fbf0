#pragma once

#include <ATen/core/Tensor.h>

#include "models/encoder_options.h"

namespace alea {

/// images [B, 3, h, w] uint8 of any extent -> [B, 3, input, input] float32, resized and scaled as the options say. Error{shape}
/// for another shape.
at::Tensor preprocess_images(const at::Tensor& images, const EncoderOptions& options);

}  // namespace alea
