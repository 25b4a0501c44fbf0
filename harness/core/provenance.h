#pragma once

#include <string>

#include "core/config.h"

namespace alea {

/// What made the numbers, deterministic on one machine and build: alea version, git revision and dirty flag at build time,
/// compiler, build type, instruction set, library versions (the caller adds torch, HDF5, BLAS through `register_library`).
Json provenance();
void register_library(const std::string& name, const std::string& version);

/// What may differ from run to run without changing a number: host name, CPU model, cores, time, threads, process id.
Json circumstances();

/// Resident-set peak of this process in bytes (VmHWM).
std::uint64_t peak_memory_bytes();

/// Seconds since the epoch on a monotonic clock.
double monotonic_seconds();

}  // namespace alea
