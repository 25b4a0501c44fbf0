#pragma once

#include <map>
#include <string>

#include "results/record.h"

namespace alea {

/// Wall time of a run by what it was for, which the record doesn't hold.
struct GenerationSeconds {
  double base = 0;                             ///< of the trajectories of the images alone
  std::map<std::string, double> by_statistic;  ///< of the estimator that yields it; of two of one estimator, the same
  std::uint64_t images = 0;                    ///< that were made in this time
};

/// All scores of the same images side by side, a line each for either side: gain over random subsets with its 95% interval and
/// randomisation p, network evaluations an image beyond the sampler's and in all, seconds. The side that the config keeps comes
/// first, scores in the record's order, then the oracle. Scores in the metric's own features aren't
/// there. Empty where fewer than two estimators ask the network. A time that wasn't
/// taken is "-".
std::string render_estimators(const Record& record, const GenerationSeconds& seconds);

}  // namespace alea
