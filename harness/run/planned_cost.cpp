#include "run/planned_cost.h"

#include "core/files.h"
#include "core/share.h"
#include "data/image_source.h"
#include "models/models.h"
#include "models/weights_file.h"
#include "protocols/components.h"
#include "protocols/guide.h"
#include "protocols/planted.h"
#include "protocols/reference_file.h"
#include "run/features.h"

namespace alea {
namespace {

constexpr const char* kInception = "inception";
constexpr std::uint64_t kInceptionWidth = 2048;

Components components_of(const Plan& plan, ConfigErrors& errors) {
  if (plan.estimators.empty()) return resolve_model_and_sampler(plan.model, plan.sampler, plan.seed, errors);
  return resolve_components(plan.model, plan.sampler, plan.estimators, plan.seed, errors);
}

ImageExtent extent_of(const Plan& plan) {
  const ImageShape shape = image_shape(make_model(plan.model, Placement{.device = at::kMeta})->spec());
  return {shape.channels, shape.height, shape.width};
}

std::uint64_t feature_width(const std::string& network, const ImageExtent& extent) {
  if (network == kInception) return kInceptionWidth;  // not worth loading 95 MB for
  return std::uint64_t(FeatureExtractor(network, extent).facts().width);
}

std::uint64_t feature_bytes(const Plan& plan, std::uint64_t arms, const ImageExtent& extent) {
  if (plan.feature_network.empty()) return 0;
  const std::uint64_t width = feature_width(plan.feature_network, extent);
  const std::uint64_t planted = plan.planted_strengths.empty() ? 0 : planted_ids(plan.seed, plan.n_samples).size();
  return sizeof(float) * width * (arms * plan.n_samples + plan.equal_cost_images + plan.planted_strengths.size() * planted);
}

/// Evaluations an image of the arm of equal cost; 0 where there is none.
std::uint64_t equal_cost_nfe(const Plan& plan, ConfigErrors& errors) {
  if (plan.equal_cost_sampler.is_null()) return 0;
  return std::uint64_t(resolve_model_and_sampler(plan.model, plan.equal_cost_sampler, plan.seed, errors).base_nfe);
}

std::uint64_t block_bytes(const Plan& plan, std::uint64_t arms, std::size_t n_statistics, const ImageExtent& extent) {
  std::uint64_t an_element = arms;
  if (plan.maps) an_element += sizeof(float) * n_statistics;
  if (!plan.dataset.empty()) an_element += 1 + sizeof(float);  // the original and the error
  return (plan.n_samples * an_element + plan.equal_cost_images) * extent.elements();
}

/// The message of an Error{io} that `look` ends in: a file that isn't there is what is asked for here.
template <class Look>
void add_if_missing(std::vector<std::string>& out, Look look) {
  try {
    look();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::io) throw;
    out.push_back(error.what());
  }
}

void add_missing_reference(const ResolvedConfig& config, const std::string& training_images, std::vector<std::string>& out) {
  const std::string name = config.config.value("reference", "self");
  const std::string& network = config.protocol->plan().feature_network;
  if (network.empty() || name == "self") return;
  const fs::path path = reference_path(name);
  if (fs::exists(path)) return;
  const std::string command =
      network == kInception ? fmt::format("alea stats build {} --out {}", training_images, path.string())
                            : fmt::format("alea stats build {} --network {} --out {}", training_images, network, path.string());
  out.push_back(fmt::format("{}: no reference statistics: run `{}`", path.string(), command));
}

int guide_nfe(const Json& guide, const Plan& plan, const Components& components, ConfigErrors& errors) {
  return guide.is_null() ? 0 : resolve_guide(guide, components, plan.seed, errors).nfe;
}

/// Evaluations of an id in all arms.
std::uint64_t nfe_of_arms(const Plan& plan, const Components& components, ConfigErrors& errors) {
  const int base = components.base_nfe - plan.from_index * forwards_of(plan.model);
  if (plan.arms.empty())
    return std::uint64_t(base) * (plan.unguided_arm ? 2 : 1) +
           std::uint64_t(components.extra_nfe + guide_nfe(plan.guide, plan, components, errors));
  std::uint64_t out = 0;
  for (const PlanArm& arm : plan.arms) out += std::uint64_t(base + guide_nfe(arm.guide, plan, components, errors));
  return out;
}

/// Generations that are timed, warming up included; of them only seconds are stored.
PlannedCost timed_cost(const Plan& plan, ConfigErrors& errors) {
  const TimingPlan& timing = *plan.timing;
  const std::uint64_t generations = timing.warm_up + plan.n_samples / timing.arms.size();
  std::uint64_t nfe = 0;
  for (const TimedArm& arm : timing.arms) {
    Plan alone = plan;
    alone.estimators = arm.estimators;
    nfe += std::uint64_t(components_of(alone, errors).total_nfe());
  }
  errors.throw_if_any("resolved config");
  return {.images = timing.images, .nfe = generations * nfe, .other_forwards = 0, .disk_bytes = 0};
}

}  // namespace

PlannedCost planned_cost(const Plan& plan) {
  ConfigErrors errors;
  if (plan.timing) return timed_cost(plan, errors);
  const Components components = components_of(plan, errors);
  const std::uint64_t nfe = nfe_of_arms(plan, components, errors), equal_cost = equal_cost_nfe(plan, errors);
  errors.throw_if_any("resolved config");
  const std::uint64_t arms = plan.unguided_arm ? 2 : 1;
  const ImageExtent extent = extent_of(plan);
  return {.images = plan.n_ids(),
          .nfe = nfe,
          .other_forwards = equal_cost * plan.equal_cost_images,
          .disk_bytes = block_bytes(plan, arms, components.statistics().size(), extent) + feature_bytes(plan, arms, extent)};
}

std::vector<std::string> missing_files(const ResolvedConfig& config, const std::string& training_images) {
  const Plan& plan = config.protocol->plan();
  std::vector<std::string> out = outline_of(plan.model).missing;
  if (plan.feature_network == kInception && !fs::exists(feature_weights_path(kInception)))
    out.push_back(fmt::format("{}: the feature network's weights aren't there: run `scripts/fetch {}`",
                              feature_weights_path(kInception).string(), kInception));
  add_missing_reference(config, training_images, out);
  if (!plan.dataset.empty()) add_if_missing(out, [&] { open_image_source(plan.dataset, {.limit = 1}); });
  add_if_missing(out, [&] { config.protocol->check_files(); });
  return out;
}

std::vector<std::string> missing_before_resolving(const Json& config) {
  std::vector<std::string> out;
  const Json estimators = config.is_object() ? config.value("estimators", Json::array()) : Json::array();
  for (const Json& estimator : estimators) {
    if (!estimator.is_object() || !estimator.contains("laplace") || !estimator["laplace"].is_string()) continue;
    const fs::path name = estimator["laplace"].get<std::string>();
    if (fs::exists(name) || fs::exists(share_folder() / name)) continue;
    const fs::path recipe = share_folder() / "embedded" / (name.stem().string() + ".train.json");
    out.push_back(fmt::format("{}: no such Laplace fit: run `alea train {} --out {}`", name.string(),
                              fs::exists(recipe) ? recipe.string() : "RECIPE", name.parent_path().string()));
  }
  return out;
}

}  // namespace alea
