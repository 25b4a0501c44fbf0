#pragma once

#include <cstdint>
#include <span>

namespace alea {

/// Scores that cost no network evaluation: an estimator that doesn't beat them isn't worth its cost (design §5.10).

/// Anisotropic total variation (Rudin, Osher & Fatemi 1992, discretised): sum of |difference| of horizontal and of vertical
/// neighbours over all channels. `image` is uint8 [h, w, c]; the result is in grey levels, >= 0. Error{shape} for another size.
double total_variation(std::span<const std::uint8_t> image, std::uint64_t height, std::uint64_t width, std::uint64_t channels);

}  // namespace alea
