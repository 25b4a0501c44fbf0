#include "models/models.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace alea {

#define ALEA_MODEL(kind) ModelPlugin kind##_model();
#include "models/models.def"
#undef ALEA_MODEL

namespace {

const std::vector<ModelPlugin>& model_plugins() {
  static const std::vector<ModelPlugin> plugins = {
#define ALEA_MODEL(kind) kind##_model(),
#include "models/models.def"
#undef ALEA_MODEL
  };
  return plugins;
}

}  // namespace

const Registry<Denoiser, const Placement&>& model_registry() {
  static const Registry<Denoiser, const Placement&> registry(
      "model", std::vector<Plugin<Denoiser, const Placement&>>(model_plugins().begin(), model_plugins().end()));
  return registry;
}

ModelOutline outline_of(const Json& resolved_model) {
  const std::string kind = resolved_model.value("kind", "");
  const auto found = std::ranges::find(model_plugins(), kind, &ModelPlugin::name);
  return found == model_plugins().end() ? ModelOutline{} : found->outline(resolved_model);
}

ModelOutline outline_of_manifest(const std::string& name) {
  const auto path = data_file_if_there(name);
  if (!path) return {};
  const Json manifest = read_json_file(*path);
  ModelOutline outline;
  if (!manifest.is_object()) return outline;  // its reader says what is wrong
  if (manifest.contains("schedule"))
    outline.schedule = read_part<ScheduleOptions>(manifest["schedule"], "/schedule", path->string());
  const auto text = [&](const char* key) {
    return manifest.contains(key) && manifest[key].is_string() ? manifest[key].get<std::string>() : "";
  };
  std::string why = why_missing({text("weights"), text("sha256"), text("published")}, *path);
  if (!why.empty()) outline.missing.push_back(std::move(why));
  return outline;
}

std::unique_ptr<Denoiser> make_model(const Json& resolved, const Placement& placement) {
  const auto missing = placement.device.is_meta() ? std::vector<std::string>{} : outline_of(resolved).missing;
  if (!missing.empty()) fail(ErrorCode::io, "{}", fmt::join(missing, "\n"));
  return model_registry().make(resolved, placement);
}

}  // namespace alea
