#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocols/paired_arms.h"
#include "protocols/sweep_guidance_options.h"
#include "store/store.h"

namespace alea {

/// One combination of quantile and lambda.
struct GuidanceCell {
  double quantile = 0, lambda = 0;

  std::string name() const;  ///< "p95.l0.1"
};

/// Quantile by quantile, all lambdas of one together.
std::vector<GuidanceCell> guidance_cells(const SweepGuidanceOptions& options);

/// Arm 0 (unguided) and guided arm 1, 2, ..., paired by id; arm 0 pairs the unguided images with themselves, with the oracle's
/// defects. Error{io} for a missing block, Error{shape} naming the array, expected and found.
PairedArms read_arm(const Store& store, const SweepGuidanceOptions& options, std::size_t arm);

/// Builds the rows of a sweep over guidance, cell by cell, so that one guided arm is in memory at a time.
class GuidanceSweep {
 public:
  /// All three must outlive it; `unguided` is arm 0, with an id in every group.
  GuidanceSweep(const SweepGuidanceOptions& options, const PairedArms& unguided, const FrechetReference& reference);

  /// fd.<net>.guided.<cell>, gain.fd.<net>.guided.<cell> and guidance.ratio.<cell> of an arm with an id in every group.
  void add(const GuidanceCell& cell, const PairedArms& input);

  /// fd.<net>.unguided, the best gain, all that was added, the oracle's gains. What makes the record INVALID goes to `reasons`.
  std::vector<MetricRow> rows(std::vector<std::string>& reasons) const;

 private:
  std::optional<MetricRow> best_row() const;

  const SweepGuidanceOptions& options_;
  const PairedArms& unguided_;
  const FrechetReference& reference_;
  SubsetDistance distance_;  ///< of the unguided images
  std::vector<MetricRow> cells_;
  std::vector<MetricRow> gains_;  ///< those among them
};

}  // namespace alea
