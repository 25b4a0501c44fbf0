#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/config.h"

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
    return std::tuple{
        field("name", &O::name, "what reports call this run"),
        field("preset", &O::preset, "paper: the text, made consistent").one_of({"paper"}),
        field("seed", &O::seed, "decides every random number of the run"),
        field("start", &O::start,
              "x_T and classes: by seed and id, or as the paper's code draws them for one of its sets, whatever the seed")
            .one_of({"philox", "imagenet64", "imagenet128", "imagenet128_uvit", "imagenet256", "imagenet512", "cifar10"}),
        field("model", &O::model, "the denoiser: {\"kind\": ...}").required(),
        field("sampler", &O::sampler, "the sampler: {\"kind\": ...}").required(),
        field("estimators", &O::estimators,
              "array of estimators, each over its window; left out: Algorithm 1 with M = 5 over all of the sampler's steps"),
        field("generate", &O::generate, "images to generate").range(64, 1e9).required(),
        field("block", &O::block, "images a file, a multiple of micro_batch").range(1, 1000000),
        field("micro_batch", &O::micro_batch, "rows a network call; part of the result's identity").range(1, 65536),
        field("non_finite_limit", &O::non_finite_limit, "more non-finite samples than this make the run INVALID")};
  }
};

}  // namespace alea
