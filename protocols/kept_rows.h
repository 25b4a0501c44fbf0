#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "metrics/selection.h"
#include "protocols/filtering_input.h"
#include "results/record.h"

namespace alea {

/// One metric of kept sets: how its rows are called, and where the table shows them.
struct KeptNames {
  std::string metric;  ///< "precision.fmnist_cnn"
  std::string group;   ///< of the table, but for the headline
  std::string suffix = {};
  std::string of(const std::string& rest) const { return metric + "." + rest + suffix; }
};

/// What is measured of one kept set, and how much better it is than random ones; their names are filled in here.
struct KeptPair {
  MetricRow kept, gain;
};

/// For each statistic and side METRIC.kept.<s>.<side> and gain.METRIC.kept.<s>.<side>; those of the config's own choice first,
/// once more as METRIC.kept and gain.METRIC.kept.
void add_kept_rows(const FilteringInput& input, const FilteringOptions& options, const KeptNames& names,
                   const std::function<KeptPair(const StatisticScores&, KeepSide)>& measure, std::vector<MetricRow>& rows);

/// The headline rows of what was asked for and can't be had.
void add_null_kept_rows(const KeptNames& names, Direction direction, const std::string& reason, std::vector<MetricRow>& rows);

/// `draws` random ones of a row's mean, as its details.
Json draw_details(const std::vector<double>& values);

}  // namespace alea
