#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace alea {

/// Where a network is evaluated, and in which arithmetic.
struct Placement {
  at::Device device = at::kCPU;
  at::ScalarType compute = at::kFloat;  ///< of matrices, biases and activations; norms and statistics are float32 always
};

}  // namespace alea
