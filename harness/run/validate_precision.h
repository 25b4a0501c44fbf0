#pragma once

#include <cstdint>
#include <string>

#include "protocols/precision_validation.h"

namespace alea {

/// Samples ids 0..n-1 of a config in float32 and in `precision`, and compares scores and images. Nothing is stored. Error{config}
/// for float32 itself, for a protocol without kept sets and for a model that has no such arithmetic; errors of BlockSampler,
/// Error{interrupted} after a signal.
PrecisionValidation validate_precision(const ResolvedConfig& resolved, const std::string& precision, std::uint64_t n);

}  // namespace alea
