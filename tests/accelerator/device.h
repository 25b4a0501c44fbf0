#pragma once

#include <c10/core/Device.h>

namespace alea::test {

/// A device that every machine has, torch's PrivateUse1 back end "guarded": what runs on it would run on a GPU as far as places
/// of tensors go, and gives the bits of the CPU's own kernels.
inline c10::Device accelerator() { return {c10::kPrivateUse1, 0}; }

}  // namespace alea::test
