#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config.h"
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
    return std::tuple{
        field("name", &O::name, "what reports call this run"),
        field("preset", &O::preset, "what the keys left out stand at: the paper's text, or the released code with its quirks")
            .one_of(preset_names()),
        field("seed", &O::seed, "decides every random number of the run"),
        field("start", &O::start,
              "x_T and classes: by seed and id, or as the paper's code draws them for one of its sets, whatever the seed")
            .one_of({"philox", "imagenet64", "imagenet128", "imagenet128_uvit", "imagenet256", "imagenet512", "cifar10"}),
        field("model", &O::model, "the denoiser: {\"kind\": ...}").required(),
        field("sampler", &O::sampler, "the sampler: {\"kind\": ...}; left out, the preset's"),
        field("steps_divisor", &O::steps_divisor,
              "both arms take the sampler's steps over so many, rounded down; the released code's scripts over 4")
            .range(1, 1000),
        field("guide", &O::guide, "how eps is changed: Algorithm 2's options"),
        field("generate", &O::generate, "images of each arm").range(64, 1e9).required(),
        field("swaps", &O::swaps, "times that images are dealt to the two arms by lot, to know what chance gains")
            .range(19, 100000),
        field("block", &O::block, "images a file, a multiple of micro_batch").range(1, 1000000),
        field("micro_batch", &O::micro_batch, "rows a network call; part of the result's identity").range(1, 65536),
        field("features", &O::features, "feature network, or pixels (toys): part of the metrics' names"),
        field(
            "reference", &O::reference,
            "statistics of the real images: a path below the data folder, an absolute path, or self (the unguided images; smoke "
            "tests only)"),
        field("planted_strengths", &O::planted_strengths,
              "oracle control: three ascending standard deviations of planted noise, in grey levels")
            .range(0, 255),
        field("non_finite_limit", &O::non_finite_limit, "more non-finite samples than this make the run INVALID")};
  }
};

}  // namespace alea
