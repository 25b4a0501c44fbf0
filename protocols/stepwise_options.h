#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/config.h"
#include "protocols/generation_fields.h"

namespace alea {

/// Config of the stepwise protocol (paper, Fig. 3), beside "protocol".
struct StepwiseOptions {
  std::string name = "stepwise";
  std::string preset = "paper";
  std::uint64_t seed = 0;
  std::string start = "philox";
  Json model, sampler;
  std::optional<Json> estimators;
  std::uint64_t generate = 0;
  std::uint32_t block = 200;
  std::uint32_t micro_batch = 100;
  std::uint64_t non_finite_limit = 0;
};

template <>
struct Fields<StepwiseOptions> {
  static auto table() {
    using O = StepwiseOptions;
    return std::tuple_cat(
        run_fields<O>(),
        std::tuple{
            field("model", &O::model, "the denoiser: {\"kind\": ...}").required(),
            field("sampler", &O::sampler, "the sampler: {\"kind\": ...}").required(),
            field("estimators", &O::estimators,
                  "array of estimators, each over its window; left out: Algorithm 1 with M = 5 over all of the sampler's steps"),
            field("generate", &O::generate, "images to generate").range(64, 1e9).required()},
        batch_fields<O>(),
        std::tuple{field("non_finite_limit", &O::non_finite_limit, "more non-finite samples than this make the run INVALID")});
  }
};

}  // namespace alea
