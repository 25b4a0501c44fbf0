#pragma once

#include <cstdint>
#include <vector>

#include "core/config.h"

namespace alea {

/// Where a solver asks the network once.
struct SolverStep {
  double time = 0;  ///< of training, in its own units
  double alpha = 1, sigma = 0;
};

/// A trajectory as it is known before any is run.
struct SolverOutline {
  std::uint64_t elements = 0;     ///< of one sample in the network's space
  std::vector<SolverStep> steps;  ///< one a solver index, noisiest first
};

/// Of a resolved model and sampler; loads no weights. Error{io} where the model's manifest isn't there.
SolverOutline outline_of_solver(const Json& model, const Json& sampler, std::uint64_t seed);

}  // namespace alea
