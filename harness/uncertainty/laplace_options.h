#pragma once

#include <optional>
#include <string>

#include "uncertainty/estimators.h"
#include "uncertainty/laplace.h"

namespace alea {

/// What estimators that draw on a Laplace fit have in common; derive from it.
struct LaplaceOptions {
  std::string laplace;
  std::string laplace_sha256;
  std::optional<double> prior_precision;
};

/// For the field table of an options struct that derives from LaplaceOptions.
template <class O>
auto laplace_fields() {
  return std::tuple{
      field<O, std::string>("laplace", &O::laplace, "Laplace fit of the model's last layer, as given or below the data folder")
          .required(),
      field<O, std::string>("laplace_sha256", &O::laplace_sha256, "of that file; filled in when the config is resolved"),
      field<O, std::optional<double>>("prior_precision", &O::prior_precision, "in place of the fit's own; null: that")
          .range(1e-12, 1e12)};
}

/// Nothing before weights are loaded. Error{config} where the model can't say its last layer's input, or the fit is of other
/// weights or of a layer of another shape; else as load_laplace_fit.
std::optional<LastLayerPosterior> posterior_for(const LaplaceOptions& options, const EstimatorContext& context);

/// Puts the hash of the fit into the resolved options, so that the file's content is part of the config's identity. A missing
/// file or another hash than `laplace_sha256` is a problem of the config.
void fill_in_laplace_sha256(Json& resolved, const std::string& pointer, ConfigErrors& errors);

template <HasFields Options>
Plugin<EstimatorFactory, const EstimatorContext&> make_laplace_plugin(
    std::string name, std::string summary,
    std::function<std::unique_ptr<EstimatorFactory>(const Options&, const EstimatorContext&)> make) {
  auto plugin =
      make_plugin<EstimatorFactory, Options, const EstimatorContext&>(std::move(name), std::move(summary), std::move(make));
  plugin.resolve = [own = plugin.resolve](const Json& json, const std::string& pointer, ConfigErrors& errors) {
    Json resolved = own(json, pointer, errors);
    fill_in_laplace_sha256(resolved, pointer, errors);
    return resolved;
  };
  return plugin;
}

}  // namespace alea
