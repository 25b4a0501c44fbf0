#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/ids.h"

namespace alea {

/// The oracle control (design §5.10): a known sixth of the images gets a defect of a known strength; a score that knows which
/// must gain, or the measurement is blind.

/// floor(n/6) ids of 0..n-1, ascending, drawn from stream planted_defect.
Ids planted_ids(std::uint64_t seed, std::uint64_t n_samples);

/// The image with Gaussian noise of `strength` grey levels standard deviation added, rounded and clamped; noise by (seed, id),
/// the same for every strength, so that strengths are paired.
std::vector<std::uint8_t> plant_defect(std::span<const std::uint8_t> image, double strength, std::uint64_t seed, SampleId id);

}  // namespace alea
