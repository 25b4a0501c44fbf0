#include "core/error.h"
#include "uncertainty/estimators.h"
#include "uncertainty/passes.h"

namespace alea {
namespace {

struct McDropoutOptions : SpreadOptions {
  McDropoutOptions() {
    first_index = 40;
    last_index = 49;
    statistics = {"variance"};
  }
  std::optional<double> p;
  std::string sites = "training";
  bool force = false;
  std::string label;
};

}  // namespace

template <>
struct Fields<McDropoutOptions> {
  static auto table() {
    using O = McDropoutOptions;
    return std::tuple_cat(
        spread_fields<O>(),
        std::tuple{field("p", &O::p, "dropout probability; null: that of training").range(1e-4, 0.999),
                   field("sites", &O::sites, "which sites drop: those of training, residual blocks alone, or attention's too")
                       .one_of({"training", "resnets", "all"}),
                   field("force", &O::force, "also with a network that was trained without dropout, which the record then says"),
                   field("label", &O::label,
                         "NAME: the statistics are called mc_dropout.NAME.*, so that two settings stand side by side")});
  }
};

namespace {

/// How a network's dropout was trained, and what the options make of it.
struct ChosenDropout {
  double p = 0;
  bool attention_sites = false;
  std::vector<std::string> departures = {};
};

void require_dropout(const McDropoutOptions& options, const DenoiserSpec& spec) {
  if (spec.dropout_sites.empty())
    fail(ErrorCode::config, "{} has no dropout that could be switched on; take another estimator", spec.kind);
  if (spec.train_dropout == 0 && !options.force)
    fail(ErrorCode::config,
         "{} was trained without dropout (/train_dropout of its manifest is 0), so its spread under dropout is nothing that it "
         "learned; \"force\": true does it nonetheless, with a /p of yours",
         spec.kind);
  if (spec.train_dropout == 0 && !options.p)
    fail(ErrorCode::config, "/p: {} was trained without dropout, so there is no probability to take over; give one", spec.kind);
}

ChosenDropout choose(const McDropoutOptions& options, const DenoiserSpec& spec) {
  require_dropout(options, spec);
  ChosenDropout chosen{.p = options.p.value_or(spec.train_dropout),
                       .attention_sites = options.sites == "training" ? spec.train_attention_dropout : options.sites == "all"};
  if (spec.train_dropout == 0)
    chosen.departures.push_back("MC-Dropout was forced on a network that was trained without dropout.");
  else if (chosen.p != spec.train_dropout)
    chosen.departures.push_back(
        fmt::format("MC-Dropout drops with p = {}; the network was trained with {}.", chosen.p, spec.train_dropout));
  if (spec.train_dropout > 0 && chosen.attention_sites != spec.train_attention_dropout)
    chosen.departures.push_back(fmt::format("MC-Dropout drops {}; training {}.",
                                            chosen.attention_sites ? "at attention's sites too" : "in residual blocks alone",
                                            spec.train_attention_dropout ? "did at attention's sites too" : "did not there"));
  return chosen;
}

/// Gal and Ghahramani (arXiv:1506.02142) for the noise prediction: the spread of eps(x_t, t) under M masks.
std::unique_ptr<EstimatorFactory> make_mc_dropout(const McDropoutOptions& options, const EstimatorContext& context) {
  const bool is_name = options.label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  if (!is_name) fail(ErrorCode::config, "/label: \"{}\" must be of a-z, 0-9 and _", options.label);
  const ChosenDropout chosen = context.model == nullptr ? ChosenDropout{} : choose(options, context.model->spec());
  const auto mode = [chosen, seed = context.seed](SolverIndex index, int pass) -> Mode {
    ALEA_CHECK(chosen.p > 0, "mc_dropout: made without a model");
    return DropoutMode{.seed = seed,
                       .step = static_cast<std::uint32_t>(index.value),
                       .pass = static_cast<std::uint32_t>(pass),
                       .p = chosen.p,
                       .attention_sites = chosen.attention_sites};
  };
  return make_passes_estimator(
      {.statistics = SpreadStatistics("mc_dropout" + (options.label.empty() ? "" : "." + options.label), options),
       .window = Window(options.first_index, options.last_index, context.n_steps),
       .mode = mode,
       .departures = chosen.departures});
}

}  // namespace

Plugin<EstimatorFactory, const EstimatorContext&> mc_dropout_estimator() {
  return make_plugin<EstimatorFactory, McDropoutOptions, const EstimatorContext&>(
      "mc_dropout", "spread of the noise prediction under dropout masks (MC-Dropout, arXiv:1506.02142)", make_mc_dropout);
}

}  // namespace alea
