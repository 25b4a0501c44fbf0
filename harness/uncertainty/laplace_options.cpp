#include "uncertainty/laplace_options.h"

#include "core/files.h"
#include "core/share.h"

namespace alea {
namespace {

std::optional<fs::path> found_fit(const std::string& name) {
  for (const fs::path& path : {fs::path(name), share_folder() / name})
    if (fs::is_regular_file(path)) return path;
  return std::nullopt;
}

/// The command that makes the fit DIR/NAME.safetensors, by the recipe NAME.train.json where one is shipped.
std::string command_for(const fs::path& fit) {
  const fs::path recipe = share_folder() / "embedded" / (fit.stem().string() + ".train.json"), folder = fit.parent_path();
  if (!fs::is_regular_file(recipe)) return "alea train CONFIG --out DIR, with \"train\": \"laplace\"";
  return fmt::format("alea train {} --out {}", recipe.string(), folder.empty() ? "." : folder.string());
}

}  // namespace

std::optional<LastLayerPosterior> posterior_for(const LaplaceOptions& options, const EstimatorContext& context) {
  if (context.model == nullptr) return std::nullopt;
  const auto layer = context.model->last_layer();
  const auto& spec = context.model->spec();
  if (!layer) fail(ErrorCode::config, "{} {}", spec.kind, kNoLastLayer);
  if (spec.device == at::kMeta) return std::nullopt;
  const auto path = found_fit(options.laplace).value_or(options.laplace);
  const LaplaceFit fit = load_laplace_fit(path, options.laplace_sha256);
  if (const auto& fitted = fit.facts.at("weights_sha256"); fitted != spec.weights_sha256)
    fail(ErrorCode::config, "{}: a Laplace fit of weights {}, the model's are {}; fit this model", path.string(), fitted,
         spec.weights_sha256);
  return LastLayerPosterior(*layer, fit, options.prior_precision);
}

void fill_in_laplace_sha256(Json& resolved, const std::string& pointer, ConfigErrors& errors) {
  const auto name = resolved.value("laplace", ""), expected = resolved.value("laplace_sha256", "");
  if (name.empty()) return;
  const auto path = found_fit(name);
  if (!path)
    return errors.add(pointer + "/laplace", fmt::format("{}: no such file, neither as given nor below {}; make it with `{}`",
                                                        name, share_folder().string(), command_for(name)));
  const std::string found = sha256_file(*path);
  if (!expected.empty() && expected != found)
    errors.add(pointer + "/laplace_sha256", fmt::format("expected {}, {} has {}", expected, path->string(), found));
  resolved["laplace_sha256"] = found;
}

}  // namespace alea
