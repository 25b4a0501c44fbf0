#pragma once

#include "core/registry.h"
#include "uncertainty/estimator.h"

namespace alea {

/// What an estimator is made for. Pointers are looked at while it is made and not kept; null: not known (yet).
struct EstimatorContext {
  std::uint64_t seed = 0;
  int n_steps = 0;  ///< of the sampler: windows are checked against it
  /// Whose spec and schedule options are checked against, perhaps on the meta device (see make_model); null: not known, and what
  /// depends on it waits for a factory that is made with it.
  const Denoiser* model = nullptr;
  const SamplerFactory* sampler = nullptr;  ///< looked at while an estimator is made; null: not known
};

/// Estimators by kind, from estimators.def.
const Registry<EstimatorFactory, const EstimatorContext&>& estimator_registry();

}  // namespace alea
