#pragma once

#include <memory>

#include "models/denoiser.h"
#include "protocols/protocol.h"
#include "samplers/start_points.h"

namespace alea {

/// The plan's start points for a network. Error{config} where the paper's set has another shape or other classes than the network
/// samples; errors as PaperStart's.
std::unique_ptr<StartPoints> start_points(const Plan& plan, const DenoiserSpec& spec);

}  // namespace alea
