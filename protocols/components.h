#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"

namespace alea {

/// What protocols need to know of models, samplers and estimators, without torch's headers and without loading weights.

struct EstimatorInfo {
  std::string kind;
  std::vector<std::string> statistics;       ///< "aleatoric.variance", in the order of the estimator's outputs
  std::vector<int> window;                   ///< solver indices it looks at, ascending; empty: needs no network
  int extra_nfe = 0;                         ///< network evaluations an image beyond the sampler's
  std::vector<std::string> departures = {};  ///< where its options leave the method that it is named after, a sentence each
};

/// A place where the sampler may set out.
struct BeginningInfo {
  int index = 0;
  double time = 0;  ///< as a fraction of the training times
};

struct Components {
  Json model, sampler, estimators;  ///< resolved: every default filled in
  std::vector<EstimatorInfo> estimator_infos;
  std::vector<BeginningInfo> beginnings;  ///< noisiest first
  std::optional<int> n_classes = {};  ///< of the model's samples, 0: it takes no labels; nothing where its manifest isn't there
  int n_steps = 0;                    ///< solver steps of the sampler
  int base_nfe = 0;                   ///< network evaluations of one trajectory
  int extra_nfe = 0;                  ///< of all estimators together

  int total_nfe() const { return base_nfe + extra_nfe; }
  std::vector<std::string> statistics() const;  ///< of all estimators, in their order
};

/// Fills in defaults and checks every component, estimators also against what the model's manifests say of it (weights aren't
/// looked for); problems go to `errors` under /model, /sampler and /estimators/<i>. When there are any, counts and statistics are
/// those of the sound components only.
Components resolve_components(const Json& model, const Json& sampler, const Json& estimators, std::uint64_t seed,
                              ConfigErrors& errors);

/// The same for a protocol without estimators.
Components resolve_model_and_sampler(const Json& model, const Json& sampler, std::uint64_t seed, ConfigErrors& errors);

/// JSON Schema of a component: one of the registered kinds with its options.
Json model_schema();
Json sampler_schema();
Json estimator_schema();

}  // namespace alea
