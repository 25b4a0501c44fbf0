#pragma once

#include "core/registry.h"
#include "uncertainty/estimator.h"

namespace alea {

struct EstimatorContext {
  std::uint64_t seed = 0;
  int n_steps = 0;  ///< of the sampler: windows are checked against it
};

/// Estimators by kind, from estimators.def.
const Registry<EstimatorFactory, const EstimatorContext&>& estimator_registry();

}  // namespace alea
