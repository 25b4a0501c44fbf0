#pragma once

#include <string>
#include <string_view>

#include "core/config.h"

namespace alea {

struct Placement;

/// Where the network is evaluated.
struct Device {
  enum class Kind { cpu, cuda };
  Kind kind = Kind::cpu;
  int index = 0;
  std::string name() const;  ///< "cpu", "cuda:1"
};

/// "cpu", "cuda" or "cuda:K". Error{usage} for anything else.
Device parse_device(std::string_view text);

/// Makes the device usable. For CUDA that means opening libtorch's CUDA library, which must happen before the first at:: call:
/// one earlier look caches "no CUDA" for the life of the process; then products and convolutions in full float32 (no TF32), of
/// which the same call gives the same bits (deterministic algorithms, no choice by timing). Error{config} with the loader's
/// reason when the library can't be opened, without a GPU or its driver, and for an index past the last GPU.
void open_device(const Device& device);

/// Error{config} unless the index is below the number of GPUs that the library sees.
void require_device(const Device& device, int n_devices);

Placement placement_on(const Device& device);

/// The numerics class of what a network makes there, which a record states: bits are equal within one class, between two of them
/// values agree within a tolerance. {device: "cpu", kernels: "fused" or "portable"}, or {device: "cuda", gpu, capability, cudnn,
/// tf32: false, deterministic: true}; null where the driver doesn't say.
Json numerics_of(const Device& device);

/// What a ledger says of it: its name and, of a GPU, model and driver.
Json circumstances_of(const Device& device);

}  // namespace alea
