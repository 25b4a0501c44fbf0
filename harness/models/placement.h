#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <string>

namespace alea {

/// Where a network is evaluated, and in which arithmetic.
struct Placement {
  at::Device device = at::kCPU;
  at::ScalarType compute = at::kFloat;  ///< of matrices, biases and activations; norms and statistics are float32 always
};

/// Of a config's /precision: float32, bfloat16 or float16. Error{config} for anything else.
at::ScalarType compute_type(const std::string& precision);

}  // namespace alea
