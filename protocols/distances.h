#pragma once

#include "metrics/selection.h"
#include "results/record.h"

namespace alea {

/// "fd.<network>.<rest>"; "fid.<rest>" with the published Inception network alone.
std::string distance_name(const std::string& network, const std::string& rest);

MetricRow distance_row(std::string name, const SubsetDistance& distance, std::uint64_t n);
/// before - after: how much closer to the reference, with the paired jackknife.
MetricRow gain_row(std::string name, const SubsetDistance& before, const SubsetDistance& after, std::uint64_t n);

}  // namespace alea
