#include "protocols/components.h"

#include <algorithm>
#include <optional>

#include "models/models.h"
#include "models/noise_schedule.h"
#include "samplers/samplers.h"
#include "uncertainty/estimators.h"

namespace alea {
namespace {

/// What a constructor objects to is a problem of the config, to be listed with the others; anything else goes its way.
template <class Make>
auto made_or_reported(const std::string& pointer, ConfigErrors& errors, Make make) -> decltype(make()) {
  try {
    return make();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::config && error.code() != ErrorCode::domain) throw;
    errors.add(pointer, error.what());
    return nullptr;
  }
}

/// Resolves one component; nothing when `errors` grew.
template <class Registry>
std::optional<Json> resolved_or_reported(const Registry& registry, const Json& json, const std::string& pointer,
                                         ConfigErrors& errors) {
  const std::size_t before = errors.items().size();
  Json resolved = registry.resolve(json, pointer, errors);
  if (errors.items().size() != before) return std::nullopt;
  return resolved;
}

/// The model as its manifests describe it, without weights. Null where they are wrong, or aren't there yet: who loads them says
/// so, with the exit status of a missing file.
std::unique_ptr<Denoiser> described(const Json& model, ConfigErrors& errors) {
  try {
    return made_or_reported("/model", errors, [&] { return make_model(model, Placement{.device = at::kMeta}); });
  } catch (const Error& error) {
    if (error.code() != ErrorCode::io) throw;
    return nullptr;
  }
}

int forwards(const Denoiser* model) { return model == nullptr ? 1 : model->spec().forwards; }

std::unique_ptr<SamplerFactory> resolve_sampler(const Json& json, std::uint64_t seed, const Denoiser* model, Components& out,
                                                ConfigErrors& errors) {
  const auto resolved = resolved_or_reported(sampler_registry(), json, "/sampler", errors);
  if (!resolved) return nullptr;
  out.sampler = *resolved;
  // A manifest that isn't there is missed when its model is made; until then the commonest schedule counts the steps.
  const NoiseSchedule schedule = model == nullptr ? NoiseSchedule(ScheduleOptions{}) : model->schedule();
  auto sampler = made_or_reported("/sampler", errors, [&] {
    return sampler_registry().make(out.sampler, SamplerContext{.schedule = schedule, .seed = seed});
  });
  if (sampler == nullptr) return nullptr;
  out.n_steps = sampler->n_steps();
  for (const Beginning& beginning : sampler->beginnings())
    out.beginnings.push_back({beginning.index.value, beginning.t.value / schedule.train_steps()});
  out.base_nfe = sampler->nfe() * forwards(model);
  return sampler;
}

void check_window(const EstimatorInfo& info, int n_steps, const std::string& pointer, ConfigErrors& errors) {
  for (const int index : info.window)
    if (index < 0 || index >= n_steps) {
      errors.add(pointer, fmt::format("looks at solver index {}, but the sampler's {} steps have indices 0..{}", index, n_steps,
                                      n_steps - 1));
      return;
    }
}

void resolve_estimator(const Json& json, const std::string& pointer, const EstimatorContext& context, Components& out,
                       ConfigErrors& errors) {
  const auto resolved = resolved_or_reported(estimator_registry(), json, pointer, errors);
  out.estimators.push_back(resolved.value_or(Json::object()));
  if (!resolved || out.n_steps == 0) return;
  const auto estimator = made_or_reported(pointer, errors, [&] { return estimator_registry().make(*resolved, context); });
  if (estimator == nullptr) return;
  const int extra_nfe = estimator->extra_nfe() * forwards(context.model);
  EstimatorInfo info{(*resolved)["kind"].get<std::string>(), estimator->statistics(), {}, extra_nfe, estimator->departures()};
  for (const SolverIndex index : estimator->window(out.n_steps)) info.window.push_back(index.value);
  std::sort(info.window.begin(), info.window.end());
  check_window(info, out.n_steps, pointer, errors);
  out.extra_nfe += info.extra_nfe;
  out.estimator_infos.push_back(std::move(info));
}

/// `facts`: the model without weights, null where nothing can be said of it; `made`: the sampler, likewise.
Components resolved_model_and_sampler(const Json& model, const Json& sampler, std::uint64_t seed,
                                      std::unique_ptr<Denoiser>& facts, std::unique_ptr<SamplerFactory>& made,
                                      ConfigErrors& errors) {
  Components out;
  out.estimators = Json::array();
  out.model = resolved_or_reported(model_registry(), model, "/model", errors).value_or(Json::object());
  facts = out.model.empty() ? nullptr : described(out.model, errors);
  if (facts != nullptr) out.n_classes = facts->spec().n_classes;
  made = resolve_sampler(sampler, seed, facts.get(), out, errors);
  return out;
}

void check_unique_statistics(const Components& components, ConfigErrors& errors) {
  auto names = components.statistics();
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) errors.add("/estimators", "two estimators yield the statistic \"" + *twice + "\"; keep one of them");
}

template <class Registry>
Json kinds_schema(const Registry& registry) {
  Json choices = Json::array();
  for (const auto& entry : registry.entries()) {
    Json schema = entry.schema();
    schema["title"] = entry.summary;
    schema["properties"]["kind"] = {{"enum", {entry.name}}};
    schema["required"].push_back("kind");
    choices.push_back(std::move(schema));
  }
  return {{"oneOf", std::move(choices)}};
}

}  // namespace

std::vector<std::string> Components::statistics() const {
  std::vector<std::string> out;
  for (const EstimatorInfo& info : estimator_infos) out.insert(out.end(), info.statistics.begin(), info.statistics.end());
  return out;
}

Components resolve_model_and_sampler(const Json& model, const Json& sampler, std::uint64_t seed, ConfigErrors& errors) {
  std::unique_ptr<Denoiser> facts;
  std::unique_ptr<SamplerFactory> made;
  return resolved_model_and_sampler(model, sampler, seed, facts, made, errors);
}

Components resolve_components(const Json& model, const Json& sampler, const Json& estimators, std::uint64_t seed,
                              ConfigErrors& errors) {
  std::unique_ptr<Denoiser> facts;
  std::unique_ptr<SamplerFactory> made_sampler;
  Components out = resolved_model_and_sampler(model, sampler, seed, facts, made_sampler, errors);
  if (!estimators.is_array() || estimators.empty()) {
    errors.add("/estimators", "needs an array of at least one estimator");
    return out;
  }
  const EstimatorContext context{.seed = seed, .n_steps = out.n_steps, .model = facts.get(), .sampler = made_sampler.get()};
  for (std::size_t i = 0; i < estimators.size(); ++i)
    resolve_estimator(estimators[i], "/estimators/" + std::to_string(i), context, out, errors);
  check_unique_statistics(out, errors);
  return out;
}

Json model_schema() { return kinds_schema(model_registry()); }
Json sampler_schema() { return kinds_schema(sampler_registry()); }
Json estimator_schema() { return kinds_schema(estimator_registry()); }

}  // namespace alea
