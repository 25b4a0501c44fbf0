#include "models/nn/tiled_decoding.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/lerp.h>

#include <algorithm>

#include "core/error.h"

namespace alea::nn {
namespace {

using Piece = std::function<at::Tensor(std::int64_t start, std::int64_t extent)>;

/// Pieces of one axis, joined; `extent` and what `piece` is asked for are in latent pixels.
at::Tensor join_pieces(std::int64_t extent, const Tiling& tiling, int factor, int axis, const Piece& piece) {
  const auto starts = tile_starts(extent, tiling);
  if (starts.size() == 1) return piece(0, extent);
  at::Tensor canvas;
  std::int64_t filled = 0;
  for (const auto start : starts) {
    const auto found = piece(start, tiling.tile);
    if (!canvas.defined()) {
      auto shape = found.sizes().vec();
      shape[axis] = factor * extent;
      canvas = at::empty(shape, found.options());
    }
    blend_into(canvas, found, axis, factor * start, filled);
    filled = factor * (start + tiling.tile);
  }
  return canvas;
}

/// n weights (i + 1/2) / n along `axis` of a 4-D tensor.
at::Tensor ramp(std::int64_t n, int axis, const at::TensorOptions& options) {
  std::vector<std::int64_t> shape(4, 1);
  shape[axis] = n;
  return ((at::arange(n, options) + 0.5) / static_cast<double>(n)).view(shape);
}

}  // namespace

std::vector<std::int64_t> tile_starts(std::int64_t extent, const Tiling& tiling) {
  if (tiling.overlap < 0 || tiling.overlap >= tiling.tile)
    fail(ErrorCode::config, "tiles of {} latent pixels can't share {}; expected 0 <= overlap < tile", tiling.tile,
         tiling.overlap);
  std::vector<std::int64_t> starts{0};
  while (starts.back() + tiling.tile < extent)
    starts.push_back(std::min<std::int64_t>(starts.back() + tiling.tile - tiling.overlap, extent - tiling.tile));
  return starts;
}

void blend_into(at::Tensor& canvas, const at::Tensor& piece, int axis, std::int64_t start, std::int64_t filled) {
  const auto common = filled - start, n = piece.size(axis);
  ALEA_CHECK(common >= 0 && common < n, "a piece of {} pixels from {} doesn't go on behind {}", n, start, filled);
  if (common > 0) {
    auto there = canvas.narrow(axis, start, common);
    there.copy_(at::lerp(there, piece.narrow(axis, 0, common), ramp(common, axis, piece.options())));
  }
  canvas.narrow(axis, filled, n - common).copy_(piece.narrow(axis, common, n - common));
}

at::Tensor blend_tiles(const at::Tensor& latents, const Tiling& tiling, int factor, const TileDecoder& decode) {
  return join_pieces(latents.size(2), tiling, factor, 2, [&](std::int64_t row, std::int64_t height) {
    const auto band = latents.narrow(2, row, height);
    return join_pieces(latents.size(3), tiling, factor, 3,
                       [&](std::int64_t column, std::int64_t width) { return decode(band.narrow(3, column, width)); });
  });
}

}  // namespace alea::nn
