#pragma once

#include <string>

namespace alea {

/// What NVIDIA's driver says of a GPU; empty where it isn't there or doesn't say.
struct GpuFacts {
  std::string name;        ///< "NVIDIA H100 80GB HBM3"
  std::string capability;  ///< "9.0"
  std::string driver;      ///< the newest CUDA that it knows: "13.0"
};

/// `index` as CUDA counts. Asks libcuda itself: torch has no call for it that doesn't need CUDA's headers.
GpuFacts gpu_facts(int index);

}  // namespace alea
