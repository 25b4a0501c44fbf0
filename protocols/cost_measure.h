#pragma once

#include <string>
#include <vector>

#include "protocols/components.h"
#include "protocols/cost_options.h"
#include "results/record.h"
#include "store/store.h"

namespace alea {

inline constexpr const char* kPlainArm = "plain";
inline constexpr const char* kControlArm = "control";  ///< plain once more: what a ratio of equal arms looks like here

/// What one arm's timed generations gave, one entry a whole repeat.
struct ArmTimes {
  std::string name;
  std::vector<double> seconds = {};
  std::vector<double> peak_memory = {};    ///< bytes of resident memory
  std::vector<double> device_memory = {};  ///< bytes of the device's, 0 where it is the CPU
  std::vector<std::string> images = {};    ///< sha256 of all images
};

struct CostInput {
  std::vector<ArmTimes> arms;             ///< plain first, control last
  std::size_t repeats = 0;                ///< in which every arm was timed
  std::uint64_t non_finite = 0;           ///< images of the worst generation
  std::size_t machines = 0;               ///< fingerprints
  std::vector<std::string> unequal = {};  ///< arms whose images differ between repeats
};

/// Error{shape} for arrays of another shape than the plan's.
CostInput read_cost_input(const Store& store, const std::vector<std::string>& arms);

/// What an arm costs by count, from components resolved with its estimators.
struct ArmCounts {
  std::string name;
  Components components;
  std::vector<double> published_seconds;  ///< plain, this arm; or none
};

/// Rows of a record, and into `reasons` what makes it INVALID: machines mixed, images that differ between repeats of one arm, and
/// a control whose interval leaves 1 by more than a twentieth. `arms` as the input's. Without a whole repeat values are null.
std::vector<MetricRow> cost_rows(const CostInput& input, const std::vector<ArmCounts>& arms, std::uint64_t images,
                                 std::vector<std::string>& reasons);

}  // namespace alea
