#pragma once

#include <string>
#include <vector>

#include "protocols/guidance_options.h"
#include "protocols/paired_arms.h"
#include "results/record.h"
#include "store/store.h"

namespace alea {

/// Error{io} for a missing block, Error{shape} naming the array, expected and found.
PairedArms read_guidance_input(const Store& store, const GuidedRunOptions& options);

/// fd.<net>.unguided, fd.<net>.guided and gain.fd.<net>.guided, paired by id; guidance.ratio; then the oracle's gains. What makes
/// the record INVALID goes to `reasons`.
std::vector<MetricRow> guidance_rows(const PairedArms& input, const GuidedRunOptions& options, const FrechetReference& reference,
                                     std::vector<std::string>& reasons);

}  // namespace alea
