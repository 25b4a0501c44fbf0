#include <algorithm>

#include "core/error.h"
#include "uncertainty/estimators.h"
#include "uncertainty/passes.h"

namespace alea {
namespace {

struct FeatureNoiseOptions : SpreadOptions {
  double std = 0.01;
  std::vector<std::string> blocks = {};
};

}  // namespace

template <>
struct Fields<FeatureNoiseOptions> {
  static auto table() {
    using O = FeatureNoiseOptions;
    return std::tuple_cat(
        spread_fields<O>(),
        std::tuple{field("std", &O::std, "standard deviation of the noise that is added to features").range(1e-6, 100),
                   field("blocks", &O::blocks, "residual blocks whose output gets it: output_blocks.1.0, ...; none named: all")});
  }
};

namespace {

/// Site names begin with the block's: "output_blocks.1.0.out_layers.2". Attention's sites end in "to_out.1".
bool is_of_block(const std::string& site, const std::string& block) { return site == block || site.starts_with(block + "."); }

std::vector<std::string> block_sites(const DenoiserSpec& spec) {
  std::vector<std::string> out;
  for (const std::string& site : spec.dropout_sites)
    if (!site.ends_with(".to_out.1")) out.push_back(site);
  return out;
}

std::vector<std::uint32_t> chosen_sites(const FeatureNoiseOptions& options, const DenoiserSpec& spec) {
  const std::vector<std::string> known = block_sites(spec);
  if (known.empty()) fail(ErrorCode::config, "{} has no residual blocks that noise could be added to", spec.kind);
  for (const std::string& block : options.blocks)
    if (std::ranges::none_of(known, [&](const std::string& site) { return is_of_block(site, block); }))
      fail(ErrorCode::config, "/blocks: {} has no residual block {}{}", spec.kind, block, suggestion(block, known));
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < spec.dropout_sites.size(); ++i) {
    const std::string& site = spec.dropout_sites[i];
    const bool wanted = std::ranges::any_of(options.blocks, [&](const std::string& block) { return is_of_block(site, block); });
    if (std::ranges::count(known, site) > 0 && (options.blocks.empty() || wanted)) out.push_back(static_cast<std::uint32_t>(i));
  }
  return out;
}

/// The spread of eps(x_t, t) when noise is added inside the network: an experiment of the paper's released code.
std::unique_ptr<EstimatorFactory> make_feature_noise(const FeatureNoiseOptions& options, const EstimatorContext& context) {
  const auto sites = context.model == nullptr ? std::vector<std::uint32_t>{} : chosen_sites(options, context.model->spec());
  const auto mode = [sites, seed = context.seed, std = options.std](SolverIndex index, int pass) -> Mode {
    ALEA_CHECK(!sites.empty(), "feature_noise: made without a model");
    return FeatureNoiseMode{.seed = seed,
                            .step = static_cast<std::uint32_t>(index.value),
                            .pass = static_cast<std::uint32_t>(pass),
                            .std = std,
                            .sites = sites};
  };
  return make_passes_estimator({.statistics = SpreadStatistics("feature_noise", options),
                                .window = Window(options.first_index, options.last_index, context.n_steps),
                                .mode = mode});
}

}  // namespace

Plugin<EstimatorFactory, const EstimatorContext&> feature_noise_estimator() {
  return make_plugin<EstimatorFactory, FeatureNoiseOptions, const EstimatorContext&>(
      "feature_noise", "spread of the noise prediction when noise is added to the network's features", make_feature_noise);
}

}  // namespace alea
