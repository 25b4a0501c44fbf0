#include "run/session_cost.h"

#include "run/sample_block.h"

namespace alea {

Json session_nfe(const SampleCost& cost) {
  return {{"base", cost.base_nfe}, {"extra", cost.extra_nfe}, {"guide", cost.guide_nfe}, {"padded", cost.padded}};
}

Json session_flops(const SampleFacts& facts, const SampleCost& cost) {
  if (!facts.flops.known()) return nullptr;
  const auto of = [&](std::uint64_t nfe) { return facts.flops.prediction * (nfe / static_cast<std::uint64_t>(facts.forwards)); };
  return {{"base", of(cost.base_nfe)},
          {"extra", of(cost.extra_nfe)},
          {"guide", of(cost.guide_nfe)},
          {"decoding", facts.flops.decoding * cost.decoded}};
}

}  // namespace alea
