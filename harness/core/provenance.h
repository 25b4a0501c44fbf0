#pragma once

#include <cstdint>
#include <string>

#include "core/config.h"

namespace alea {

/// What made the numbers, deterministic on one machine and build: alea version, git revision and dirty flag at build time,
/// compiler, build type, instruction set, library versions (the caller adds torch, HDF5, BLAS through `register_library`).
/// What the build doesn't tell is "unknown" (texts) or null (dirty, native).
Json provenance();
void register_library(const std::string& name, const std::string& version);  ///< a later call for a name wins; thread-safe

/// What may differ from run to run without changing a number: host name, CPU model, cores (all, and those we may use), memory,
/// time (UTC, ISO 8601), process id. The caller adds threads, ranks and device.
Json circumstances();

/// Resident-set peak of this process in bytes (VmHWM).
std::uint64_t peak_memory_bytes();

/// Seconds since the epoch on a monotonic clock.
double monotonic_seconds();

}  // namespace alea
