#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "models/encoder_options.h"
#include "protocols/metric_catalogue.h"

namespace alea {

struct KidSettings {
  std::uint32_t subsets = 100, subset_size = 1000;
  std::uint64_t seed = 2020;
  std::string draw = "philox";
};

struct InceptionScoreSettings {
  std::uint32_t splits = 10;
  std::string order = "in_order", cut = "fraction";
  std::uint64_t seed = 2020;
  std::uint32_t chunk_size = 5000;
};

struct ManifoldSettings {
  std::uint32_t k = 5;
  std::string rim = "closed";
};

/// Every convention that a number of `alea metrics` depends on; the record carries their fingerprint.
struct SetMetricsOptions {
  std::string protocol = "pytorch-fid";
  std::vector<std::string> metrics;  ///< empty: all that the inputs allow
  EncoderOptions encoder;
  std::optional<EncoderOptions> manifold_encoder;  ///< of precision and recall; absent: the same features
  KidSettings kid;
  InceptionScoreSettings inception_score;
  ManifoldSettings manifold;
  bool intervals = true;
};

template <>
struct Fields<KidSettings> {
  static auto table() {
    using O = KidSettings;
    return std::tuple{field("subsets", &O::subsets, "subsets that are averaged").range(1, 10000),
                      field("subset_size", &O::subset_size, "rows of a subset; fewer where a set has fewer").range(2, 100000),
                      field("seed", &O::seed, "of the subsets"),
                      field("draw", &O::draw, "random numbers of the subsets").one_of({"philox", "numpy_legacy"})};
  }
};

template <>
struct Fields<InceptionScoreSettings> {
  static auto table() {
    using O = InceptionScoreSettings;
    return std::tuple{field("splits", &O::splits, "parts whose scores are averaged").range(1, 1000),
                      field("order", &O::order, "of the rows before they are split").one_of({"in_order", "numpy_legacy"}),
                      field("cut", &O::cut, "equal fractions, or chunks of chunk_size").one_of({"fraction", "chunk"}),
                      field("seed", &O::seed, "of the order"),
                      field("chunk_size", &O::chunk_size, "rows of a chunk").range(2, 1000000)};
  }
};

template <>
struct Fields<ManifoldSettings> {
  static auto table() {
    using O = ManifoldSettings;
    return std::tuple{field("k", &O::k, "neighbour whose distance is a ball's radius").range(1, 1000),
                      field("rim", &O::rim, "whether a point on the rim is inside").one_of({"closed", "open"})};
  }
};

template <>
struct Fields<SetMetricsOptions> {
  static auto table() {
    using O = SetMetricsOptions;
    return std::tuple{
        field("protocol", &O::protocol, "tool whose conventions are meant"),
        field("metrics", &O::metrics, "what to compute; empty: all that the inputs allow").one_of(set_metric_keys()),
        field("encoder", &O::encoder, "feature network and how images reach it"),
        field("manifold_encoder", &O::manifold_encoder, "feature network of precision and recall, where it is another"),
        field("kid", &O::kid, "kernel distance"),
        field("inception_score", &O::inception_score, "class score"),
        field("manifold", &O::manifold, "precision, recall, density, coverage"),
        field("intervals", &O::intervals, "jackknife intervals beside the values")};
  }
};

/// True where `metric` is asked for by name.
bool names_metric(const SetMetricsOptions& options, std::string_view metric);

/// True where it is to be computed if the inputs allow: named, or nothing is.
bool wants_metric(const SetMetricsOptions& options, std::string_view metric);

/// All conventions of a tool: pytorch-fid, torch-fidelity, clean-fid, adm. Error{usage} with suggestions.
SetMetricsOptions conventions_of(const std::string& protocol);

}  // namespace alea
