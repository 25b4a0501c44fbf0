#pragma once

#include <string>
#include <vector>

#include "protocols/filtering_options.h"
#include "results/record.h"
#include "store/store.h"

namespace alea {

/// "realism.<network>".
std::string realism_statistic(const RealismOptions& options);

/// Whether the score looks through the eyes of the metric that judges it (design §5.10).
bool is_in_own_features(const FilteringOptions& options);

struct RealismScores {
  std::vector<double> scores;  ///< [N] by id
  Json facts;                  ///< network, network_sha256, real, real_sha256, k
};

/// What the run stored. Error{data} where two blocks were made against unlike real images or weights.
RealismScores read_realism(const Store& store, const RealismOptions& options);

/// Rows of a score in the metric's own features get "own_features" and a note that says so; tables that rank leave them out.
void label_own_features(const FilteringOptions& options, std::vector<MetricRow>& rows);

}  // namespace alea
