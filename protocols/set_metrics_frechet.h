#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "protocols/set_metrics.h"

namespace alea {

/// True when no jackknife group is empty and leaving one out leaves two samples.
bool fills_groups(std::span<const std::uint64_t> ids);

/// fid, sfid and fid_inf, as far as they are wanted and can be had.
void add_frechet_rows(const SetMetricsOptions& options, const MetricNames& names, const SetFeatures& real,
                      const SetFeatures& generated, std::vector<MetricRow>& rows);

}  // namespace alea
