#pragma once

#include <algorithm>
#include <initializer_list>

#include "protocols/components.h"
#include "protocols/presets.h"

namespace alea {

// What the options of protocols that make images have in common, checked and compared in one way.

/// /block against /micro_batch.
template <class Options>
void check_batches(const Options& options, ConfigErrors& errors) {
  if (options.block % std::max(options.micro_batch, 1u) != 0)
    errors.add("/block", fmt::format("{} must be a multiple of /micro_batch, which is {}", options.block, options.micro_batch));
}

/// /planted_strengths, /features and /reference.
template <class Options>
void check_distances(const Options& options, ConfigErrors& errors) {
  const auto& strengths = options.planted_strengths;
  if (strengths.size() != 3 || strengths[0] <= 0 || strengths[0] >= strengths[1] || strengths[1] >= strengths[2])
    errors.add("/planted_strengths", "needs three ascending positive numbers, such as [24, 48, 96]");
  if (options.features.empty()) errors.add("/features", "needs the name of a feature network");
  if (options.reference.empty()) errors.add("/reference", "needs a path or \"self\"");
}

/// Takes keys that are as ever out of a resolved config of the paper's preset: a run's folder from before there was a choice
/// keeps its identity. Of another preset they stay, since leaving them out would say something else.
template <class Options>
void leave_out_as_ever(Json& config, std::initializer_list<const char*> keys) {
  if (config.at("preset") != preset_names().front()) return;
  const Json as_ever = to_json(Options{});
  for (const char* key : keys)
    if (config.at(key) == as_ever.at(key)) config.erase(key);
}

/// The part of Protocol::comparable() that all of them have.
template <class Options>
Json comparable_generation(const char* protocol, int version, const Options& options, const Components& components) {
  return {{"protocol", protocol},
          {"version", version},
          {"preset", options.preset},
          {"model", {{"kind", components.model.at("kind")}}},
          {"sampler", components.sampler},
          {"block", options.block},
          {"micro_batch", options.micro_batch},
          {"non_finite_limit", options.non_finite_limit}};
}

/// And of those that measure distances.
template <class Options>
Json comparable_distances(const char* protocol, int version, const Options& options, const Components& components) {
  Json out = comparable_generation(protocol, version, options, components);
  out["features"] = options.features;
  out["reference"] = options.reference;
  out["generate"] = options.generate;
  out["planted_strengths"] = options.planted_strengths;
  return out;
}

}  // namespace alea
