#pragma once

#include "core/registry.h"
#include "models/denoiser.h"

namespace alea {

/// Denoisers by kind, from models.def: {"kind": "ddpm_unet", "manifest": "embedded/fmnist_denoiser.json"}.
const Registry<Denoiser>& model_registry();

/// A model around another: its options have `model`, which is resolved as one.
template <HasFields Options>
Plugin<Denoiser> make_wrapper_plugin(std::string name, std::string summary,
                                     std::function<std::unique_ptr<Denoiser>(const Options&)> make) {
  auto plugin = make_plugin<Denoiser, Options>(std::move(name), std::move(summary), std::move(make));
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
