#pragma once

#include "models/models.h"
#include "samplers/samplers.h"
#include "tests/contract/device.h"
#include "tests/support/plugins.h"
#include "uncertainty/estimators.h"

namespace alea::test {

/// Data N(0, std^2), narrow enough that no sampler's clipping acts.
inline std::unique_ptr<Denoiser> gaussian(double std) {
  return make(model_registry(), {{"kind", "toy_gaussian"}, {"height", 4}, {"width", 6}, {"std", std}}, placement());
}

inline std::unique_ptr<Denoiser> mixture() {
  return make(model_registry(), {{"kind", "toy_mixture"}, {"channels", 2}, {"height", 3}, {"width", 5}, {"dropout", 0.1}},
              placement());
}

inline std::unique_ptr<SamplerFactory> sampler(const std::string& kind, int steps, const Denoiser& denoiser,
                                               std::uint64_t seed = 1) {
  const SamplerContext context{denoiser.schedule(), seed};
  return make<SamplerFactory, const SamplerContext&>(sampler_registry(), {{"kind", kind}, {"steps", steps}}, context);
}

inline std::unique_ptr<EstimatorFactory> estimator(const std::string& kind, int n_steps, const Denoiser& denoiser,
                                                   std::uint64_t seed = 1) {
  const EstimatorContext context{seed, n_steps, &denoiser};
  return make<EstimatorFactory, const EstimatorContext&>(estimator_registry(), {{"kind", kind}}, context);
}

}  // namespace alea::test
