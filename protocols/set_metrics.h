#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "metrics/gaussian_moments.h"
#include "protocols/set_metrics_options.h"
#include "results/record.h"

namespace alea {

/// One of the two sets, as far as it is known: feature rows, or only the Gaussians of a statistics file. n = 0: not there.
struct SetFeatures {
  FeatureView pool, spatial, logits, manifold;
  std::optional<Gaussian> pool_gaussian, spatial_gaussian;  ///< where there are no rows
  std::span<const std::uint64_t> ids;                       ///< [n], of the rows: groups of the jackknife
};

/// How metrics are called: "fid", "kid" and "is" stand for the published Inception weights alone, every other network is
/// named.
struct MetricNames {
  std::string network;                                 ///< empty: the published Inception network
  std::string manifold_network;                        ///< of precision and recall; empty: the published Inception network
  std::string of(const std::string& published) const;  ///< of a metric of metric_catalogue.h
  std::string of_manifold(const std::string& metric) const;
};

/// The metrics that `options` asks for (all that the inputs allow, where it names none). What was asked for and can't be had is a
/// null row with its reason. Intervals: delete-a-group jackknife over the generated set, the real one held fixed.
/// Error{domain} for fewer than 2 samples or features that aren't finite, Error{shape} for unlike widths.
std::vector<MetricRow> set_metric_rows(const SetMetricsOptions& options, const MetricNames& names, const SetFeatures& real,
                                       const SetFeatures& generated);

}  // namespace alea
