#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/frechet.h"
#include "protocols/components.h"
#include "results/record.h"
#include "store/store.h"

namespace alea {

/// The arm of equal cost (design §5.9): what the ranked estimator's evaluations buy when they are spent on more sampler steps. As
/// many images as are kept, without any estimator, of ids and start points that no other image of the run has.
struct EqualCostArm {
  Json sampler;           ///< resolved, with its number of steps; null: none
  int steps = 0;          ///< of it
  int nfe = 0;            ///< an image
  int nfe_of_ranked = 0;  ///< an image of the ranked estimator's arm: sampler, estimator, guide (a backward counting as two)
  double first_time = 0;  ///< where it begins, as a fraction of the training times
  std::uint64_t images = 0;

  bool exists() const { return !sampler.is_null(); }
};

/// Beginning later than this fraction of the training times wouldn't be the same sampler (paper's settings: 960 of 1000).
inline constexpr double kLeastFirstTime = 0.96;

/// The run's sampler with the most steps whose evaluations come to no more than `nfe_of_ranked` and whose first time lies at
/// kLeastFirstTime or later. Problems go to `errors` under /equal_cost: a sampler without a number of steps, and nothing more
/// than what the run has anyway. Loads no weights.
EqualCostArm resolve_equal_cost(const Components& components, int nfe_of_ranked, std::uint64_t images, std::uint64_t seed,
                                ConfigErrors& errors);

/// What a run stored of the arm, without images that aren't finite.
struct EqualCostInput {
  std::vector<std::uint64_t> ids;  ///< [n] places in the arm, ascending
  std::vector<float> features;     ///< [n, d]
  std::size_t d = 0;
  std::uint64_t non_finite = 0;
};

EqualCostInput read_equal_cost(const Store& store, const std::string& network);

/// fd.<network>.equal_cost, and gain.fd.<network>.equal_cost = kept - equal_cost: how much closer to the reference more steps
/// come than filtering does. Its interval is that of two independent sets: the standard errors' root sum of squares, t with 31
/// degrees of freedom. Null with a reason for fewer images than the jackknife needs. `kept`: the headline row.
std::vector<MetricRow> equal_cost_rows(const EqualCostArm& arm, const EqualCostInput& input, const std::string& network,
                                       const FrechetReference& reference, const MetricRow& kept);

/// For the record: sampler, steps, nfe, nfe_of_ranked, first_time, images.
Json equal_cost_facts(const EqualCostArm& arm);

}  // namespace alea
