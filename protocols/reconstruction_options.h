#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config.h"
#include "protocols/presets.h"

namespace alea {

/// Config of the reconstruction protocol (paper, Table 2), beside "protocol".
struct ReconstructionOptions {
  std::string name = "reconstruction";
  std::string preset = "paper";
  std::uint64_t seed = 0;
  Json model, sampler, estimators;
  std::string dataset;
  std::uint64_t images = 0;
  double noise_time = 0.5;
  std::string noise_level = "time";
  std::string rank_by = "aleatoric.variance";
  std::uint32_t block = 200;
  std::uint32_t micro_batch = 100;
  std::string channels = "elements";
  std::string scale = "unit";
  std::string aggregate = "images";
  std::uint64_t zero_images = 0;
  std::vector<std::string> errors = {"rmse"};
  std::vector<std::string> conventions = {"poggi50", "exact", "normalised"};
  std::uint64_t non_finite_limit = 0;
};

template <>
struct Fields<ReconstructionOptions> {
  static auto table() {
    using O = ReconstructionOptions;
    return std::tuple{
        field("name", &O::name, "what reports call this run"),
        field("preset", &O::preset, "what the keys left out stand at: the paper's text, or the released code with its quirks")
            .one_of(preset_names()),
        field("seed", &O::seed, "decides every random number of the run"),
        field("model", &O::model, "the denoiser: {\"kind\": ...}").required(),
        field("sampler", &O::sampler, "the sampler: {\"kind\": ...}; left out, the preset's"),
        field("estimators", &O::estimators, "array of estimators; those without maps have no row").required(),
        field("dataset", &O::dataset, "real images: a folder, npz, HDF5, CIFAR-10's batches or a named set").required(),
        field("images", &O::images, "the first so many of the set").range(2, 1e9).required(),
        field("noise_time", &O::noise_time,
              "images are noised to the first time that the sampler can begin at, at or below this fraction of T")
            .range(0, 1),
        field("noise_level", &O::noise_level,
              "images get the noise of the step that denoising begins with, or (released code) that of time = its solver index")
            .one_of({"time", "loop_index"}),
        field("rank_by", &O::rank_by, "the statistic of the headline rows"),
        field("block", &O::block, "images a file, a multiple of micro_batch").range(1, 1000000),
        field("micro_batch", &O::micro_batch, "rows a network call; part of the result's identity").range(1, 65536),
        field("channels", &O::channels, "elements: each channel of a pixel counts apart; mean: of errors and maps over channels")
            .one_of({"elements", "mean"}),
        field(
            "scale", &O::scale,
            "unit: originals and reconstructions in a range of 1; released: originals of 0..1 against reconstructions of 0..255, "
            "and maps, as 16-bit floats")
            .one_of({"unit", "released"}),
        field("aggregate", &O::aggregate, "the headline: mean over images, or of all elements of all images pooled")
            .one_of({"images", "pooled"}),
        field(
            "zero_images", &O::zero_images,
            "pooled rows: so many images more, of no error and no uncertainty; the released code pools one for each image of its "
            "sets that it left out")
            .range(0, 1e9),
        field("errors", &O::errors, "of what areas are taken").one_of({"rmse", "mae", "mse"}),
        field("conventions", &O::conventions, "how areas are taken (metrics/sparsification.h)")
            .one_of({"poggi50", "exact", "normalised"}),
        field("non_finite_limit", &O::non_finite_limit, "more non-finite images than this make the run INVALID")};
  }
};

}  // namespace alea
