#pragma once

#include <tuple>

#include "core/config.h"

namespace alea {

// Fields that configs of several protocols have in common, for their field tables.

template <class O>
auto start_field() {
  return field("start", &O::start,
               "x_T and classes: by seed and id, or as the paper's code draws them for one of its sets, whatever the seed")
      .one_of({"philox", "imagenet64", "imagenet128", "imagenet128_uvit", "imagenet256", "imagenet512", "cifar10"});
}

/// Of a protocol that knows the paper's preset alone.
template <class O>
auto run_fields() {
  return std::tuple{field("name", &O::name, "what reports call this run"),
                    field("preset", &O::preset, "paper: the text, made consistent").one_of({"paper"}),
                    field("seed", &O::seed, "decides every random number of the run"), start_field<O>()};
}

template <class O>
auto batch_fields() {
  return std::tuple{field("block", &O::block, "images a file, a multiple of micro_batch").range(1, 1000000),
                    field("micro_batch", &O::micro_batch, "rows a network call; part of the result's identity").range(1, 65536)};
}

/// Of what guided arms are measured against, the unguided one among them.
template <class O>
auto paired_arms_fields() {
  return std::tuple{
      field("features", &O::features, "feature network, or pixels (toys): part of the metrics' names"),
      field("reference", &O::reference,
            "statistics of the real images: a path below the data folder, an absolute path, or self (the unguided images; smoke "
            "tests only)"),
      field("planted_strengths", &O::planted_strengths,
            "oracle control: three ascending standard deviations of planted noise, in grey levels")
          .range(0, 255),
      field("non_finite_limit", &O::non_finite_limit, "more non-finite samples than this make the run INVALID")};
}

}  // namespace alea
