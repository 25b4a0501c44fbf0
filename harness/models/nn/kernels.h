#pragma once

#include <ATen/core/Tensor.h>

namespace alea::nn {

/// Whether operators that every device has stand in for the kernels and orders of evaluation that only the CPU has (fused group
/// norm + SiLU, fused convolution, products row by row). The environment's ALEA_PORTABLE_KERNELS says so, 1 or 0; without it
/// they don't. Error{usage} for another value of it.
bool portable_kernels();

/// True for a tensor on the CPU while portable_kernels() are off.
bool takes_cpu_kernels(const at::Tensor& x);

/// Portable kernels, or none, while it lives, in the whole process.
class PortableKernels {
 public:
  explicit PortableKernels(bool on = true);
  ~PortableKernels();
  PortableKernels(const PortableKernels&) = delete;
  PortableKernels& operator=(const PortableKernels&) = delete;

 private:
  bool before_;
};

}  // namespace alea::nn
