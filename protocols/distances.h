#pragma once

#include "metrics/selection.h"
#include "results/record.h"

namespace alea {

MetricRow distance_row(std::string name, const SubsetDistance& distance, std::uint64_t n);
/// before - after: how much closer to the reference, with the paired jackknife.
MetricRow gain_row(std::string name, const SubsetDistance& before, const SubsetDistance& after, std::uint64_t n);

}  // namespace alea
