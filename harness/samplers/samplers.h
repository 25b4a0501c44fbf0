#pragma once

#include "core/registry.h"
#include "samplers/sampler.h"

namespace alea {

struct SamplerContext {
  const NoiseSchedule& schedule;
  std::uint64_t seed = 0;  ///< for samplers that draw noise
};

/// Samplers by kind, from samplers.def.
const Registry<SamplerFactory, const SamplerContext&>& sampler_registry();

}  // namespace alea
