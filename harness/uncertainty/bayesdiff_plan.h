#pragma once

#include <optional>
#include <vector>

#include "uncertainty/bayesdiff_moments.h"
#include "uncertainty/laplace.h"

namespace alea {

/// What all trajectories of one BayesDiff estimator share.
struct BayesDiffPlan {
  std::vector<LinearStep> steps;                ///< of the sampler, one an evaluation
  std::optional<LastLayerPosterior> posterior;  ///< none before weights are loaded
  std::uint64_t seed = 0;
  int every = 5;         ///< steps from one with uncertainty to the next; the first one has it
  int draws = 10;        ///< S
  int weight_draws = 0;  ///< 0: the exact predictive
  MomentRule rule = MomentRule::consistent;
  bool is_path_sampled = false;
  bool clips = false;  ///< the sampler, which the moments don't see

  /// A step is one evaluation or, where a later one starts again from where it began, several.
  bool begins_step(int i) const { return steps[i].from == i; }
  bool ends_step(int i) const { return i + 1 == static_cast<int>(steps.size()) || begins_step(i + 1); }
  int step_of(int i) const;
  bool has_uncertainty(int i) const { return step_of(i) % every == 0; }
  /// Evaluations an image beside the sampler's: none where x is still known.
  int draws_at(int i) const;
  int extra_nfe() const;
};

}  // namespace alea
