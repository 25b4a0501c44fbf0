#pragma once

#include <cmath>

#include "models/weights.h"

namespace alea::test {

/// Hashed weights that are kept, to be saved as a file; with this gain activations of a deep ReLU network don't vanish.
class KeptSource : public HashedSource {
 public:
  KeptSource() : HashedSource(std::sqrt(6.0)) {}
  at::Tensor take(const std::string& name, at::IntArrayRef shape, ParameterRole role) override {
    return kept[name] = HashedSource::take(name, shape, role);
  }
  WeightMap kept;
};

}  // namespace alea::test
