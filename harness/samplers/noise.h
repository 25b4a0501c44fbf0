#pragma once

#include <ATen/core/Tensor.h>

#include "models/denoiser.h"

namespace alea {

/// Standard normals [B, C, H, W] float32 on the CPU: row b is the draw of `key` with id = ids[b].
at::Tensor draw_normals(DrawKey key, const Ids& ids, const ImageShape& shape);

/// What a sampler adds at an evaluation: normals of stream sampler_noise like x [B, C, H, W], by id and index.
at::Tensor sampler_noise(std::uint64_t seed, SolverIndex index, const Ids& ids, const at::Tensor& x);

}  // namespace alea
