#pragma once

#include "protocols/components.h"
#include "protocols/filtering_options.h"
#include "results/record.h"

namespace alea {

/// What each score costs, beside each row of it (details "statistic"): "nfe_extra", network evaluations an image that its
/// estimator asks beyond the sampler's (of a file's scores, what the config says), and "nfe_total" with the sampler's. One
/// estimator's statistics come from the same evaluations, so each of them has the whole number.
void add_estimator_nfe(const FilteringOptions& options, const Components& components, std::vector<MetricRow>& rows);

}  // namespace alea
