#pragma once

#include <cstdint>
#include <span>

namespace alea {

/// Scores that cost no network evaluation: an estimator that doesn't beat them isn't worth its cost (design §5.10).

/// Anisotropic total variation (Rudin, Osher & Fatemi 1992, discretised): sum of |difference| of horizontal and of vertical
/// neighbours over all channels. `image` is uint8 [h, w, c]; the result is in grey levels, >= 0. Error{shape} for another size.
double total_variation(std::span<const std::uint8_t> image, std::uint64_t height, std::uint64_t width, std::uint64_t channels);

/// Sum of the edge map: Sobel's gradient magnitude (3x3 kernels over 8, borders repeated) of every pixel and channel, so that a
/// straight ramp of slope 1 counts 1 a pixel inside. Sizes, unit and errors as total_variation.
double edge_energy(std::span<const std::uint8_t> image, std::uint64_t height, std::uint64_t width, std::uint64_t channels);

}  // namespace alea
