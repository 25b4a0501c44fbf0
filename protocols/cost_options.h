#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config.h"
#include "protocols/generation_fields.h"

namespace alea {

/// One arm of the cost protocol.
struct CostArmOptions {
  std::string name;
  Json estimators;
  std::vector<double> published_seconds = {};
};

/// Config of the cost protocol (paper, Tables 5 and 6), beside "protocol".
struct CostOptions {
  std::string name = "cost";
  std::string preset = "paper";
  std::uint64_t seed = 0;
  std::string start = "philox";
  Json model, sampler;
  std::vector<CostArmOptions> arms;
  std::uint64_t images = 128;
  std::uint32_t micro_batch = 128;
  std::uint32_t warm_up = 1;
  std::uint32_t repeats = 7;
  std::uint64_t non_finite_limit = 0;
};

template <>
struct Fields<CostArmOptions> {
  static auto table() {
    using O = CostArmOptions;
    return std::tuple{
        field("name", &O::name, "what its rows are called: seconds.<name> and so on").required(),
        field("estimators", &O::estimators, "what it estimates beside the images: [{\"kind\": ...}, ...]").required(),
        field("published_seconds", &O::published_seconds,
              "of the plain arm and of this one, as published, to compare the ratio with")
            .range(1e-9, 1e12)};
  }
};

template <>
struct Fields<CostOptions> {
  static auto table() {
    using O = CostOptions;
    return std::tuple_cat(
        run_fields<O>(),
        std::tuple{field("model", &O::model, "the denoiser: {\"kind\": ...}").required(),
                   field("sampler", &O::sampler, "the sampler of every arm: {\"kind\": ...}").required(),
                   field("arms", &O::arms, "what is timed beside plain sampling").required(),
                   field("images", &O::images, "images of one generation").range(1, 1e6),
                   field("micro_batch", &O::micro_batch, "rows a network call, a divisor of images").range(1, 65536),
                   field("warm_up", &O::warm_up, "generations of each arm before it is timed; they also show its peak memory")
                       .range(1, 100),
                   field("repeats", &O::repeats, "timed generations of each arm").range(6, 1000),
                   field("non_finite_limit", &O::non_finite_limit,
                         "more non-finite images in a generation than this make the run INVALID")});
  }
};

}  // namespace alea
