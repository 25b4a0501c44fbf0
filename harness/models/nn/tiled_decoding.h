#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace alea::nn {

/// Square tiles in latent pixels; neighbours share at least `overlap` of them.
struct Tiling {
  int tile = 64;
  int overlap = 16;
};

/// First pixels of tiles that cover `extent`, `tile - overlap` apart, the last one moved in so that it ends with it.
/// Error{config} unless 0 <= overlap < tile.
std::vector<std::int64_t> tile_starts(std::int64_t extent, const Tiling& tiling);

/// Puts `piece` behind what is in `canvas` up to pixel `filled` along `axis` (2: rows, 3: columns), piece's first pixel on
/// `start`; the pixels in common go linearly from the canvas's values to the piece's.
void blend_into(at::Tensor& canvas, const at::Tensor& piece, int axis, std::int64_t start, std::int64_t filled);

using TileDecoder = std::function<at::Tensor(const at::Tensor& latents)>;

/// decode() of latents [B, z, h, w], tile by tile: [B, C, factor h, factor w]. Bands of tiles are joined from left to right,
/// bands from top to bottom; one band is held beside the image. Where one tile holds all it is decode() itself.
at::Tensor blend_tiles(const at::Tensor& latents, const Tiling& tiling, int factor, const TileDecoder& decode);

}  // namespace alea::nn
