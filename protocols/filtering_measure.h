#pragma once

#include "metrics/selection.h"
#include "protocols/distances.h"
#include "protocols/filtering_input.h"
#include "results/record.h"

namespace alea {

/// Builds the rows of a filtering record and collects the reasons that make it INVALID.
class FilteringMeasure {
 public:
  /// All three must outlive it.
  FilteringMeasure(const FilteringInput& input, const FilteringOptions& options, const FrechetReference& reference);

  /// fd.<net>.all and fd.<net>.random; then for each statistic and side fd.<net>.kept.<s>.<side> and
  /// gain.fd.<net>.kept.<s>.<side>; then the oracle gains. The headline rows come first.
  std::vector<MetricRow> rows();
  const std::vector<std::string>& invalid_reasons() const { return invalid_reasons_; }
  const RandomSubsets& random() const { return random_; }

 private:
  std::string fd(const std::string& rest) const { return distance_name(options_.features, rest); }
  MetricRow all_row() const;
  MetricRow random_row() const;
  void add_statistic(const StatisticScores& statistic, KeepSide side);
  void add_headline(const MetricRow& kept, const MetricRow& gain);
  void check_random_control(const SubsetDistance& kept, MetricRow& row);
  void add_oracle(std::size_t strength);

  const FilteringInput& input_;
  const FilteringOptions& options_;
  const FrechetReference& reference_;
  FilteringAnalysis analysis_;
  RandomSubsets random_;
  std::vector<MetricRow> headline_, others_, controls_;
  std::vector<std::string> invalid_reasons_;
};

/// Patterns of all names that rows() gives, see list_metrics().
std::vector<std::pair<std::string, std::string>> filtering_metrics();

const char* side_name(KeepSide side);

/// Why no distance can be had from this input; empty when it can.
std::string why_not_measurable(const FilteringInput& input, const FilteringOptions& options);

/// How far `value` lies from the mean of R random values, in units of a prediction's standard deviation: Student's t with R-1
/// degrees of freedom if it is one more of their kind. Error{domain} for R < 2.
double prediction_t(double value, std::span<const double> random_values);

}  // namespace alea
