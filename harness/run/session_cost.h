#pragma once

#include "core/config.h"

namespace alea {

struct SampleFacts;
struct SampleCost;

/// What the network was asked for in a session, of all its images: {base, extra, guide, padded}.
Json session_nfe(const SampleCost& cost);

/// The same in floating-point operations, and what decoding took; null where the model's layers aren't known.
Json session_flops(const SampleFacts& facts, const SampleCost& cost);

}  // namespace alea
