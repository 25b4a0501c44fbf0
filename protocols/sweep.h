#pragma once

#include "protocols/protocol_entry.h"

namespace alea {

inline constexpr const char* kSweep = "sweep";

/// What a sweep goes over: one config key, /over, chooses.
struct SweepKind {
  std::string over;  ///< "passes"
  std::function<ResolvedConfig(const Json& config, ConfigErrors& errors)> resolve;
  std::function<Json()> schema;
};

/// One filtering run of the largest M, judged at each M (paper, Fig. 11).
SweepKind sweep_over_passes();

/// One unguided arm and one guided arm for each quantile and lambda (paper, Fig. 10).
SweepKind sweep_over_guidance();

}  // namespace alea
