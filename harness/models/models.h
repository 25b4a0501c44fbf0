#pragma once

#include "core/registry.h"
#include "models/denoiser.h"
#include "models/manifest.h"
#include "models/placement.h"

namespace alea {

/// Denoisers by kind, from models.def: {"kind": "ddpm_unet", "manifest": "embedded/fmnist_denoiser.json"}.
using ModelPlugin = Plugin<Denoiser, const Placement&>;
const Registry<Denoiser, const Placement&>& model_registry();

/// From a resolved config: loads its files. Error{io}, Error{data} or Error{config}. On the meta device manifests alone are read:
/// spec() and schedule() are what they will be, and nothing can be predicted.
std::unique_ptr<Denoiser> make_model(const Json& resolved, const Placement& placement = {});

/// A model without options but its manifest.
template <class Model>
ModelPlugin make_manifest_plugin(std::string name, std::string summary) {
  return make_plugin<Denoiser, ManifestOptions, const Placement&>(
      std::move(name), std::move(summary), [](const ManifestOptions& options, const Placement& placement) {
        return std::unique_ptr<Denoiser>(std::make_unique<Model>(find_data_file(options.manifest), placement));
      });
}

/// A model around another: its options have `model`, which is resolved as one.
template <HasFields Options>
ModelPlugin make_wrapper_plugin(std::string name, std::string summary,
                                std::function<std::unique_ptr<Denoiser>(const Options&, const Placement&)> make) {
  auto plugin = make_plugin<Denoiser, Options, const Placement&>(std::move(name), std::move(summary), std::move(make));
  plugin.resolve = [own = plugin.resolve](const Json& json, const std::string& pointer, ConfigErrors& errors) {
    Json resolved = own(json, pointer, errors);
    if (json.is_object() && json.contains("model"))
      resolved["model"] = model_registry().resolve(json["model"], pointer + "/model", errors);
    return resolved;
  };
  return plugin;
}

/// What a classifier's forward and backward cost beside the network's own: a backward counts as two forwards.
inline constexpr int kClassifierForwards = 3;

/// DenoiserSpec::forwards of a resolved config, without loading anything.
int forwards_of(const Json& resolved_model);

}  // namespace alea
