#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config.h"
#include "protocols/generation_fields.h"

namespace alea {

/// Config of a sweep over guidance (paper, Fig. 10), beside "protocol".
struct SweepGuidanceOptions {
  std::string over;
  std::string name = "sweep_guidance";
  std::string preset = "paper";
  std::uint64_t seed = 0;
  std::string start = "philox";
  Json model, sampler;
  Json guide = Json::object();
  std::vector<double> quantiles = {0.9, 0.95, 0.99};
  std::vector<double> lambdas = {1.0 / 1280, 6.0 / 1280, 36.0 / 1280, 216.0 / 1280, 1};
  std::uint64_t first_id = 10000;
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
struct Fields<SweepGuidanceOptions> {
  static auto table() {
    using O = SweepGuidanceOptions;
    return std::tuple_cat(
        std::tuple{field("over", &O::over, "what is swept").one_of({"guidance"}).required()}, run_fields<O>(),
        std::tuple{
            field("model", &O::model, "the denoiser: {\"kind\": ...}").required(),
            field("sampler", &O::sampler, "the sampler: {\"kind\": ...}").required(),
            field("guide", &O::guide, "how eps is changed: Algorithm 2's options but quantile and lambda"),
            field("quantiles", &O::quantiles, "of each image's own U, above which eps is changed; ascending").range(0, 1),
            field("lambdas", &O::lambdas, "strengths, ascending").range(1e-9, 1e6),
            field(
                "first_id", &O::first_id,
                "the first id: behind those that the guidance protocol reports, so that what is chosen here is judged on others")
                .range(0, 1e9),
            field("generate", &O::generate, "images of each arm, a multiple of block").range(64, 1e9).required(),
            field("swaps", &O::swaps, "times that images are dealt to two arms by lot, to know what chance gains")
                .range(19, 100000)},
        batch_fields<O>(), paired_arms_fields<O>());
  }
};

}  // namespace alea
