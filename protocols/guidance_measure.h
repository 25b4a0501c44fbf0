#pragma once

#include <string>
#include <vector>

#include "metrics/selection.h"
#include "protocols/guidance_options.h"
#include "results/record.h"
#include "store/store.h"

namespace alea {

/// What the guidance protocol reads from a run's folder. Ids with a value that isn't finite in either arm have no row.
struct GuidanceInput {
  std::vector<std::uint64_t> ids;  ///< [n] ascending
  std::uint64_t non_finite = 0;    ///< ids left out
  std::size_t d = 0;
  std::vector<float> unguided, guided;               ///< [n, d] each: row i of both began at the same x_T
  std::vector<double> ratios;                        ///< [n]: |e' - e| / |e|, the mean over the guided steps
  std::vector<std::uint32_t> planted_rows;           ///< ascending
  std::vector<std::vector<float>> planted_features;  ///< one [planted_rows, d] a strength, of guided images with a defect

  FeatureView view(const std::vector<float>& features) const { return {features, ids.size(), d}; }
};

/// Error{io} for a missing block, Error{shape} naming the array, expected and found.
GuidanceInput read_guidance_input(const Store& store, const GuidedRunOptions& options);

/// fd.<net>.unguided, fd.<net>.guided and gain.fd.<net>.guided, paired by id; guidance.ratio; then the oracle's gains. What makes
/// the record INVALID goes to `reasons`.
std::vector<MetricRow> guidance_rows(const GuidanceInput& input, const GuidedRunOptions& options,
                                     const FrechetReference& reference, std::vector<std::string>& reasons);

}  // namespace alea
