#pragma once

#include <memory>
#include <string>
#include <vector>

#include "protocols/components.h"
#include "uncertainty/guidance_thresholds.h"

namespace alea {

/// What protocols need to know of a guide, without torch's headers.
struct GuideInfo {
  Json resolved;                                         ///< every default filled in; null: no guide
  std::vector<std::string> statistics;                   ///< names of what it records at each guided step
  int nfe = 0;                                           ///< network evaluations an image, a backward counting as two
  std::shared_ptr<const GuidanceThresholds> thresholds;  ///< of the file that it names

  bool exists() const { return !resolved.is_null(); }
};

/// Problems go to `errors` under /guide: those of its options, a model without gradients, a window outside the sampler's steps,
/// and thresholds that aren't there or belong to another model, sampler or kind of uncertainty. Loads no weights.
GuideInfo resolve_guide(const Json& guide, const Components& components, std::uint64_t seed, ConfigErrors& errors);

/// What decides the uncertainty that a resolved guide's mask looks at: statistic, passes, clip, level.
Json uncertainty_of_mask(const Json& resolved_guide);

Json guide_schema();

}  // namespace alea
