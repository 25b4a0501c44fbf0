#pragma once

#include "models/denoiser.h"

namespace alea {

/// layer(input): [B, C, H, W] float64 from input [B, D, H / p, W / p] of any floating type. Row by row on the CPU, in double: no
/// row depends on its neighbours. Error{shape} where input and weight don't fit.
at::Tensor evaluate_last_layer(const LastLayer& layer, const at::Tensor& input);

/// [B, C, H, W] -> [B, C p p, H / p, W / p], as the layer's output channels lie (LastLayer::patch).
at::Tensor as_layer_output(const at::Tensor& eps, int patch);

/// Why a model without last_layer() has none.
inline constexpr const char* kNoLastLayer =
    "doesn't say a last layer that eps is linear in: a packaged module doesn't know its own, and with classifier_free's /rescale "
    "eps "
    "is divided by its spread";

}  // namespace alea
