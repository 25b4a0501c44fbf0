#pragma once

#include "models/models.h"
#include "samplers/samplers.h"
#include "tests/contract/device.h"
#include "tests/support/plugins.h"
#include "tests/support/toy_fit.h"
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

/// What an estimator needs beside its defaults.
inline Json estimator_config(const std::string& kind, const ToyFit& fit) {
  Json config{{"kind", kind}};
  if (kind == "bayesdiff" || kind == "generative") config["laplace"] = fit.path();
  return config;
}

/// For DDIM.
inline std::unique_ptr<EstimatorFactory> estimator(const std::string& kind, int n_steps, const Denoiser& denoiser,
                                                   std::uint64_t seed = 1) {
  const auto ddim = sampler("ddim", n_steps, denoiser);
  const EstimatorContext context{.seed = seed, .n_steps = n_steps, .model = &denoiser, .sampler = ddim.get()};
  const ToyFit fit(denoiser, 200, 50);
  return make<EstimatorFactory, const EstimatorContext&>(estimator_registry(), estimator_config(kind, fit), context);
}

}  // namespace alea::test
