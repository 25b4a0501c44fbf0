#pragma once

#include "core/registry.h"
#include "models/denoiser.h"
#include "models/manifest.h"
#include "models/placement.h"

namespace alea {

/// What a model's files say before weights are loaded.
struct ModelOutline {
  int forwards = 1;                           ///< DenoiserSpec::forwards
  std::optional<ScheduleOptions> schedule{};  ///< of training; nothing where its manifest isn't there
  std::vector<std::string> missing{};         ///< why_missing() of each file of weights that isn't there
};

/// Denoisers by kind, from models.def: {"kind": "ddpm_unet", "manifest": "embedded/fmnist_denoiser.json"}.
struct ModelPlugin : Plugin<Denoiser, const Placement&> {
  using Outline = std::function<ModelOutline(const Json& resolved)>;
  ModelPlugin(
      Plugin plugin, Outline outline = [](const Json&) { return ModelOutline{.schedule = ScheduleOptions{}}; })
      : Plugin(std::move(plugin)), outline(std::move(outline)) {}
  Outline outline;
};
const Registry<Denoiser, const Placement&>& model_registry();

/// Of a resolved config. Error{config} for a manifest that is wrong.
ModelOutline outline_of(const Json& resolved_model);
inline int forwards_of(const Json& resolved_model) { return outline_of(resolved_model).forwards; }

/// From a resolved config: loads its files. Error{io} (with all weights that aren't there), Error{data} or Error{config}. On the
/// meta device manifests alone are read: spec() and schedule() are what they will be, and predictions have a shape but no values.
std::unique_ptr<Denoiser> make_model(const Json& resolved, const Placement& placement = {});

/// The schedule and the weights that the manifest called `name` says; nothing of one that isn't there.
ModelOutline outline_of_manifest(const std::string& name);

/// A model without options but its manifest.
template <class Model>
ModelPlugin make_manifest_plugin(std::string name, std::string summary) {
  return {make_plugin<Denoiser, ManifestOptions, const Placement&>(
              std::move(name), std::move(summary),
              [](const ManifestOptions& options, const Placement& placement) {
                return std::unique_ptr<Denoiser>(std::make_unique<Model>(find_data_file(options.manifest), placement));
              }),
          [](const Json& resolved) { return outline_of_manifest(resolved.value("manifest", "")); }};
}

/// What a prediction of a wrapper costs: factor * the inner model's forwards + addend.
struct WrapperCost {
  int factor = 1, addend = 0;
  constexpr int of(int inner) const { return factor * inner + addend; }
};

/// A model around another: its options have `model`, which is resolved as one. `network`: the option that names the manifest of a
/// further network, "" = none.
template <HasFields Options>
ModelPlugin make_wrapper_plugin(std::string name, std::string summary, WrapperCost cost, const std::string& network,
                                std::function<std::unique_ptr<Denoiser>(const Options&, const Placement&)> make) {
  auto plugin = make_plugin<Denoiser, Options, const Placement&>(std::move(name), std::move(summary), std::move(make));
  plugin.resolve = [own = plugin.resolve](const Json& json, const std::string& pointer, ConfigErrors& errors) {
    Json resolved = own(json, pointer, errors);
    if (json.is_object() && json.contains("model"))
      resolved["model"] = model_registry().resolve(json["model"], pointer + "/model", errors);
    return resolved;
  };
  return {std::move(plugin), [cost, network](const Json& resolved) {
            ModelOutline outline = outline_of(resolved.value("model", Json::object()));
            outline.forwards = cost.of(outline.forwards);
            if (network.empty()) return outline;
            for (auto& why : outline_of_manifest(resolved.value(network, "")).missing) outline.missing.push_back(std::move(why));
            return outline;
          }};
}

}  // namespace alea
