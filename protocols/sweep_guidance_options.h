#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config.h"

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
    return std::tuple{
        field("over", &O::over, "what is swept").one_of({"guidance"}).required(),
        field("name", &O::name, "what reports call this run"),
        field("preset", &O::preset, "paper: the text, made consistent").one_of({"paper"}),
        field("seed", &O::seed, "decides every random number of the run"),
        field("start", &O::start,
              "x_T and classes: by seed and id, or as the paper's code draws them for one of its sets, whatever the seed")
            .one_of({"philox", "imagenet64", "imagenet128", "imagenet128_uvit", "imagenet256", "imagenet512", "cifar10"}),
        field("model", &O::model, "the denoiser: {\"kind\": ...}").required(),
        field("sampler", &O::sampler, "the sampler: {\"kind\": ...}").required(),
        field("guide", &O::guide, "how eps is changed: Algorithm 2's options but quantile and lambda"),
        field("quantiles", &O::quantiles, "of each image's own U, above which eps is changed; ascending").range(0, 1),
        field("lambdas", &O::lambdas, "strengths, ascending").range(1e-9, 1e6),
        field("first_id", &O::first_id,
              "the first id: behind those that the guidance protocol reports, so that what is chosen here is judged on others")
            .range(0, 1e9),
        field("generate", &O::generate, "images of each arm, a multiple of block").range(64, 1e9).required(),
        field("swaps", &O::swaps, "times that images are dealt to two arms by lot, to know what chance gains").range(19, 100000),
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
