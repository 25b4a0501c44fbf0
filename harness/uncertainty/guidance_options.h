#pragma once

#include <optional>
#include <string>

#include "core/config.h"

namespace alea {

/// How a guide turns uncertainty into another eps. The defaults are Algorithm 2 of arXiv:2412.00205.
struct GuidanceOptions {
  std::string variant = "paper";
  std::string action = "gradient";
  std::string statistic = "variance";
  std::string wrt = "eps";
  std::string direction = "ascent";
  double lambda = 1;
  int divisor = 1;
  int passes = 5;
  std::optional<int> first_index, last_index;
  std::string mask = "quantile";
  double quantile = 0.95;
  std::string mask_side = "above";
  std::string mask_statistic = "same";
  std::string thresholds;
  std::string thresholds_sha256;
  bool clip = false;
  std::string level = "time";
  bool add_eps_gradient = false;
  std::string posterior_sum = "passes";
  std::optional<int> graphs;

  bool needs_gradient() const { return action == "gradient" || action == "multiply"; }
};

template <>
struct Fields<GuidanceOptions> {
  static auto table() {
    using O = GuidanceOptions;
    return std::tuple{
        field("variant", &O::variant,
              "what the other keys default to: the paper's text, or one of the seven in the released code")
            .one_of({"paper", "v1", "v2", "v3", "v4", "v5", "v6", "v7"}),
        field("action", &O::action,
              "what happens to eps on the mask: plus lambda times the gradient; times the gradient; replaced by the posterior "
              "mean; "
              "plus lambda U with a random sign")
            .one_of({"gradient", "multiply", "posterior", "random_sign"}),
        field("statistic", &O::statistic,
              "U: variance of the M answers; centred about the unperturbed eps; standard deviation; "
              "variance of the answers and the unperturbed eps")
            .one_of({"variance", "centred", "std", "variance_with_eps"}),
        field("wrt", &O::wrt, "the gradient is with respect to eps, or to x with eps held fixed").one_of({"eps", "x"}),
        field("direction", &O::direction, "towards more uncertainty or less").one_of({"ascent", "descent"}),
        field("lambda", &O::lambda, "strength").range(0, 1e9),
        field("divisor", &O::divisor, "divides the gradient of an image's sum; the released code divides by its batch, 128")
            .range(1, 65536),
        field("passes", &O::passes, "M, re-noised evaluations a step").range(2, 65535),
        field("first_index", &O::first_index, "first solver index that is guided, 0 = noisiest; null: from the first")
            .range(0, 999),
        field("last_index", &O::last_index, "last solver index that is guided, inclusive; null: to the last").range(0, 999),
        field("mask", &O::mask, "elements that change: past a quantile of their image's U, past saved thresholds, or all")
            .one_of({"quantile", "thresholds", "all"}),
        field("quantile", &O::quantile, "of an image's U at this step; also what `alea thresholds` saves").range(0, 1),
        field("mask_side", &O::mask_side, "elements strictly above the threshold, or strictly below").one_of({"above", "below"}),
        field("mask_statistic", &O::mask_statistic, "the U that the mask looks at, from the same evaluations")
            .one_of({"same", "variance", "centred"}),
        field("thresholds", &O::thresholds, "file of `alea thresholds`, for mask = thresholds"),
        field("thresholds_sha256", &O::thresholds_sha256, "of that file: filled in, and checked where it is given"),
        field("clip", &O::clip, "clip predicted clean images to [-1, 1] before re-noising"),
        field("level", &O::level, "re-noise to the noise level of the step, or (released code) to that of time = solver index")
            .one_of({"time", "loop_index"}),
        field("add_eps_gradient", &O::add_eps_gradient,
              "wrt = x: add the gradient of the sum of eps(x), as the released code does"),
        field("posterior_sum", &O::posterior_sum,
              "action = posterior: sum the M answers, or (released code) the last one over the "
              "micro-batch, which ties images to their neighbours")
            .one_of({"passes", "batch"}),
        field("graphs", &O::graphs,
              "passes whose graphs stay in memory until U is known; the others are evaluated twice, which costs "
              "one more forward each and changes no bit. null: all")
            .range(0, 65535)};
  }
};

/// As read_options, with the defaults of the variant that `json` names, and what doesn't go together reported.
GuidanceOptions read_guidance_options(const Json& json, const std::string& pointer, ConfigErrors& errors);

}  // namespace alea
