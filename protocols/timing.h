#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config.h"

namespace alea {

/// One way to generate, timed as a whole.
struct TimedArm {
  std::string name;
  Json estimators;  ///< resolved array; empty: none
};

/// Generations that are timed instead of kept. Sample `id` of such a plan is one measurement, see measurement().
struct TimingPlan {
  std::uint64_t images = 0;   ///< ids 0..images-1 in every measurement
  std::uint32_t warm_up = 1;  ///< generations of an arm before its first measurement in a process
  std::vector<TimedArm> arms;
};

/// Which arm a measurement is of, and in which repeat.
struct Measurement {
  std::uint64_t repeat = 0;
  std::size_t arm = 0;
};

/// Each repeat has all arms, every other one in reverse: what drifts in time slows all arms by the same.
inline Measurement measurement(std::uint64_t id, std::size_t n_arms) {
  const std::uint64_t repeat = id / n_arms, place = id % n_arms;
  return {repeat, static_cast<std::size_t>(repeat % 2 == 0 ? place : n_arms - 1 - place)};
}

/// Arrays of the kind "blocks" of such a plan, one row a measurement, beside ids u64 [n] and finite u8 [n] (all its images are).
namespace timing_arrays {

inline constexpr const char* kSeconds = "seconds";         ///< f64 [n], the device waited for
inline constexpr const char* kPeakMemory = "peak_memory";  ///< u64 [n, 2], bytes of the arm alone: resident, and on the device
inline constexpr const char* kNonFinite = "non_finite";    ///< u64 [n], images
inline constexpr const char* kImagesSha256 = "images_sha256";  ///< u8 [n, 64], characters: of all images
inline constexpr const char* kMachine = "machine";             ///< u8 [n, 64], characters: sha256 of what ran it, see the ledger

}  // namespace timing_arrays
}  // namespace alea
