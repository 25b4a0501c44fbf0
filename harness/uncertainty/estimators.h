#pragma once

#include "core/registry.h"
#include "uncertainty/estimator.h"

namespace alea {

struct EstimatorContext {
  std::uint64_t seed = 0;
  int n_steps = 0;  ///< of the sampler: windows are checked against it
  /// Whose spec and schedule options are checked against, perhaps on the meta device (see make_model); null: not known, and what
  /// depends on it waits for a factory that is made with it.
  const Denoiser* model = nullptr;
};

/// Estimators by kind, from estimators.def.
const Registry<EstimatorFactory, const EstimatorContext&>& estimator_registry();

}  // namespace alea
