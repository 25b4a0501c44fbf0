#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "protocols/file_scores.h"
#include "protocols/generation_fields.h"
#include "protocols/presets.h"
#include "protocols/realism_options.h"
#include "protocols/set_metrics_options.h"

namespace alea {

/// Distances of kept sets of several sizes, each from equally many images, so that no bias of sizes draws the curve.
struct RetainedSettings {
  std::vector<double> shares;
  std::uint64_t n = 0;
  std::uint32_t draws = 5;
};

template <>
struct Fields<RetainedSettings> {
  static auto table() {
    using O = RetainedSettings;
    return std::tuple{
        field("shares", &O::shares, "shares of the images that are kept; empty: no curve").range(0.001, 1),
        field("n", &O::n, "images of every set that is measured; 0: as many as the smallest share keeps").range(0, 1e9),
        field("draws", &O::draws, "seeded subsets of n of those that are kept").range(1, 10000)};
  }
};

/// Config of the filtering protocol (paper, Tables 1 and 4), beside "protocol".
struct FilteringOptions {
  std::string name = "filtering";
  std::string preset = "paper";
  std::uint64_t seed = 0;
  std::string start = "philox";
  Json model, sampler, estimators;
  std::vector<FileScoresOptions> from_file;
  std::optional<RealismOptions> realism;
  std::optional<Json> guide;
  std::string rank_by = "aleatoric.variance";
  std::uint64_t generate = 0;
  std::uint64_t keep = 0;
  std::uint32_t keep_batch = 1;
  std::string keep_side = "lowest";
  std::string score_precision = "float64";
  bool within_class = false;
  bool equal_cost = false;
  std::uint32_t subsets = 199;
  std::uint32_t block = 200;
  std::uint32_t micro_batch = 100;
  std::string precision = "float32";
  std::string precision_validation;
  bool store_maps = true;
  std::string features = "fmnist_cnn";
  std::uint32_t min_max_batch = 0;
  std::string reference = "embedded/fmnist_cnn.train.safetensors";
  std::vector<double> planted_strengths = {24, 48, 96};
  std::uint64_t non_finite_limit = 0;
  std::vector<std::string> metrics = {"fid"};
  std::string second_reference;
  std::string reference_images;
  std::uint64_t reference_count = 0;
  ManifoldSettings manifold{.k = 3, .rim = "closed"};
  RetainedSettings retained;

  bool wants(std::string_view metric) const { return std::ranges::find(metrics, metric) != metrics.end(); }
};

template <>
struct Fields<FilteringOptions> {
  static auto table() {
    using O = FilteringOptions;
    return std::tuple{
        field("name", &O::name, "what reports call this run"),
        field("preset", &O::preset, "what the keys left out stand at: the paper's text, or the released code with its quirks")
            .one_of(preset_names()),
        field("seed", &O::seed, "decides every random number of the run"),
        start_field<O>(),
        field("model", &O::model, "the denoiser: {\"kind\": ...}").required(),
        field("sampler", &O::sampler, "the sampler: {\"kind\": ...}; left out, the preset's"),
        field("estimators", &O::estimators, "array of estimators; {\"kind\": \"random\"} must be among them, as a control")
            .required(),
        field("from_file", &O::from_file, "scores that another tool gave the images, by id; read when the run is scored"),
        field("realism", &O::realism, "score the images' realism beside the estimators, in features of a network; null: don't"),
        field("guide", &O::guide, "what changes the sampler's steps: Algorithm 2's options; null: nothing"),
        field("rank_by", &O::rank_by, "the statistic of the headline rows"),
        field("generate", &O::generate, "images to generate").range(64, 1e9).required(),
        field("keep", &O::keep, "images to keep, fewer than generate").range(32, 1e9).required(),
        field("keep_batch", &O::keep_batch,
              "images are kept in whole batches of so many: keep is rounded down to a multiple. 1: exactly keep; released code: "
              "128")
            .range(1, 1e6),
        field("keep_side", &O::keep_side, "side of rank_by that the headline keeps; both sides are reported")
            .one_of({"lowest", "highest"}),
        field("score_precision", &O::score_precision,
              "scores of estimators are sums in double, or (released code) rounded to a 16-bit float, with the ties that this "
              "makes")
            .one_of({"float64", "float16"}),
        field("within_class", &O::within_class,
              "keep the same share of every class, each by its own ranking; random subsets do too. The model must have classes"),
        field(
            "equal_cost", &O::equal_cost,
            "beside the kept images as many others without an estimator, with as many more sampler steps as its evaluations buy"),
        field("subsets", &O::subsets, "random subsets of the size of the kept one").range(19, 100000),
        field("block", &O::block, "images a file, a multiple of micro_batch").range(1, 1000000),
        field("micro_batch", &O::micro_batch, "rows a network call; part of the result's identity").range(1, 65536),
        field("precision", &O::precision,
              "arithmetic of the network's matrices and activations; norms, statistics, embeddings, first and last layer are "
              "float32")
            .one_of({"float32", "bfloat16", "float16"}),
        field("precision_validation", &O::precision_validation,
              "below float32: the file of a passing `alea validate CONFIG --precision P --out FILE`, as given or below the data "
              "folder"),
        field("store_maps", &O::store_maps, "store the uncertainty maps, so that the picture shows them"),
        field("features", &O::features, "feature network, or pixels (toys): part of the metrics' names"),
        field(
            "min_max_batch", &O::min_max_batch,
            "before features are taken, each so many images of a block are stretched together to the full range of grey levels, "
            "as the released code does with 128; 0: images stay as they are")
            .range(0, 1e6),
        field("reference", &O::reference,
              "statistics of the real images: a path below the data folder, an absolute path, or self (all generated images; "
              "smoke tests only)"),
        field("planted_strengths", &O::planted_strengths,
              "oracle control: three ascending standard deviations of planted noise, in grey levels")
            .range(0, 255),
        field("non_finite_limit", &O::non_finite_limit, "more non-finite samples than this make the run INVALID"),
        field("metrics", &O::metrics,
              "what is measured of every kept set: fid, the Frechet distance, always; fid_bias, what its size and spread add to "
              "it; "
              "sfid; kid; prdc, precision, recall, density and coverage")
            .one_of({"fid", "fid_bias", "sfid", "kid", "prdc"}),
        field("second_reference", &O::second_reference,
              "other statistics of the same features, such as of images resized in another way: rows that end in .second"),
        field(
            "reference_images", &O::reference_images,
            "real images for kid and prdc, as `alea metrics --real` takes them, or the real_features.safetensors of another run"),
        field("reference_count", &O::reference_count, "so many of them, drawn without regard to their order; 0: all"),
        field("manifold", &O::manifold, "balls of precision, recall, density and coverage"),
        field("retained", &O::retained, "distance against the share that is kept, from equally many images: curves.h5")};
  }
};

}  // namespace alea
