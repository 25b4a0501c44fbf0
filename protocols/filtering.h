#pragma once

#include "protocols/components.h"
#include "protocols/equal_cost.h"
#include "protocols/filtering_options.h"
#include "protocols/guide.h"
#include "protocols/protocol.h"

namespace alea {

/// Fills metrics, reasons, departures, samples and cost of `record`; returns per-sample and per-subset arrays for curves.h5:
/// ids u64 [n]; scores/<statistic> f64 [n]; step_scores/<statistic> f64 [N, W] of all N samples, the guide's too;
/// subsets/random_fd f64 [R]; kept/<statistic>.<side> u8 [n], 1 where kept; gallery/... as results/gallery.h reads them. n counts
/// samples whose values are all finite, N all of them.
ArrayMap score_filtering(const Store& store, const FilteringOptions& options, const Components& components,
                         const GuideInfo& guide, const EqualCostArm& arm, Record& record);

/// Where this run departs from the paper's Table 1, a sentence each.
std::vector<std::string> filtering_departures(const FilteringOptions& options, const Components& components);

}  // namespace alea
