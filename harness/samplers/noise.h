#pragma once

#include <ATen/core/Tensor.h>

#include "models/denoiser.h"

namespace alea {

/// Standard normals [B, C, H, W] float32 on the CPU: row b is the draw of `key` with id = ids[b].
at::Tensor draw_normals(DrawKey key, const Ids& ids, const ImageShape& shape);

}  // namespace alea
