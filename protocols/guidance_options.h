#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config.h"
#include "protocols/generation_fields.h"
#include "protocols/presets.h"

namespace alea {

/// Config of the guidance protocol (paper, Table 3), beside "protocol".
struct GuidedRunOptions {
  std::string name = "guidance";
  std::string preset = "paper";
  std::uint64_t seed = 0;
  std::string start = "philox";
  Json model, sampler;
  int steps_divisor = 1;
  Json guide = Json::object();
  std::uint64_t generate = 0;
  std::uint32_t swaps = 199;
  std::uint32_t block = 200;
  std::uint32_t micro_batch = 100;
  std::string features = "fmnist_cnn";
  std::string reference = "embedded/fmnist_cnn.train.safetensors";
  std::vector<double> planted_strengths = {24, 48, 96};
  std::uint64_t non_finite_limit = 0;
};

template <>
struct Fields<GuidedRunOptions> {
  static auto table() {
    using O = GuidedRunOptions;
    return std::tuple_cat(
        std::tuple{
            field("name", &O::name, "what reports call this run"),
            field("preset", &O::preset, "what the keys left out stand at: the paper's text, or the released code with its quirks")
                .one_of(preset_names()),
            field("seed", &O::seed, "decides every random number of the run"), start_field<O>(),
            field("model", &O::model, "the denoiser: {\"kind\": ...}").required(),
            field("sampler", &O::sampler, "the sampler: {\"kind\": ...}; left out, the preset's"),
            field("steps_divisor", &O::steps_divisor,
                  "both arms take the sampler's steps over so many, rounded down; the released code's scripts over 4")
                .range(1, 1000),
            field("guide", &O::guide, "how eps is changed: Algorithm 2's options"),
            field("generate", &O::generate, "images of each arm").range(64, 1e9).required(),
            field("swaps", &O::swaps, "times that images are dealt to the two arms by lot, to know what chance gains")
                .range(19, 100000)},
        batch_fields<O>(), paired_arms_fields<O>());
  }
};

}  // namespace alea
