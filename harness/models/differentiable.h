#pragma once

#include <string>

#include "core/config.h"

namespace alea {

/// Why no gradient can be had through a resolved model (Want::graph), without loading anything; empty where it can.
std::string why_not_differentiable(const Json& resolved_model);

}  // namespace alea
