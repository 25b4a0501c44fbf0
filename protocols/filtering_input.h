#pragma once

#include <string>
#include <vector>

#include "metrics/gaussian_moments.h"
#include "protocols/components.h"
#include "protocols/filtering_options.h"
#include "store/store.h"

namespace alea {

/// A score of every image, usable ones only; row i belongs to FilteringInput::ids[i].
struct StatisticScores {
  std::string name;
  std::vector<double> scores;  ///< [n]
};

/// What filtering reads from a run's folder. Images with a value that isn't finite anywhere have no row.
struct FilteringInput {
  std::vector<std::uint64_t> ids;  ///< [n] ascending
  std::uint64_t non_finite = 0;    ///< images left out
  std::vector<float> features;     ///< [n, d]
  std::size_t d = 0;
  std::vector<StatisticScores> statistics;           ///< of the estimators, of files, then the free ones, in the config's order
  std::vector<Json> file_facts;                      ///< FileScores::facts
  Json realism_facts;                                ///< RealismScores::facts, or null
  std::vector<std::uint32_t> planted_rows;           ///< ascending
  std::vector<std::vector<float>> planted_features;  ///< one [planted_rows, d] a strength

  std::vector<std::uint64_t> classes;  ///< [n] where selection is within classes, else empty

  /// What selection goes by: the scores, or their places within their classes.
  std::vector<double> ranked(const std::vector<double>& scores) const;

  FeatureView view() const { return {features, ids.size(), d}; }
  const StatisticScores& statistic(const std::string& name) const;
};

inline constexpr const char* kTotalVariation = "free.total_variation";
inline constexpr const char* kEdges = "free.edges";

/// Sum of each row of [n, W] step scores, in double, left to right.
std::vector<double> window_sums(const Array& step_scores, const std::string& name);

/// Error{io} for a missing block or file, Error{data} or Error{shape} naming the array, expected and found; Error{data} also for
/// a score from a file that isn't finite though its image is.
FilteringInput read_filtering_input(const Store& store, const FilteringOptions& options, const Components& components);

}  // namespace alea
