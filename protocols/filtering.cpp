#include "protocols/filtering.h"

#include <algorithm>

#include "protocols/protocol_entry.h"

namespace alea {
namespace {

constexpr int kVersion = 1;
constexpr const char* kName = "filtering";

class Filtering final : public Protocol {
 public:
  Filtering(FilteringOptions options, Components components, GuideInfo guide)
      : options_(std::move(options)), components_(std::move(components)), guide_(std::move(guide)), plan_(make_plan()) {}

  const Plan& plan() const override { return plan_; }
  int version() const override { return kVersion; }

  ArrayMap score(const Store& store, Record& record) const override {
    return score_filtering(store, options_, components_, guide_, record);
  }

  Json comparable() const override {
    Json out{{"protocol", kName},
             {"version", kVersion},
             {"preset", options_.preset},
             {"model", {{"kind", components_.model.at("kind")}}},
             {"sampler", components_.sampler},
             {"features", options_.features},
             {"reference", options_.reference},
             {"generate", options_.generate},
             {"keep", options_.keep},
             {"keep_side", options_.keep_side},
             {"subsets", options_.subsets},
             {"block", options_.block},
             {"micro_batch", options_.micro_batch},
             {"planted_strengths", options_.planted_strengths},
             {"non_finite_limit", options_.non_finite_limit}};
    if (guide_.exists()) out["guide"] = guide_.resolved;
    return out;
  }

 private:
  Plan make_plan() const {
    return {.seed = options_.seed,
            .start = options_.start,
            .n_samples = options_.generate,
            .block = options_.block,
            .micro_batch = options_.micro_batch,
            .model = components_.model,
            .sampler = components_.sampler,
            .estimators = components_.estimators,
            .guide = guide_.resolved,
            .thresholds = guide_.thresholds,
            .maps = options_.store_maps,
            .feature_network = options_.features,
            .planted_strengths = options_.planted_strengths};
  }

  FilteringOptions options_;
  Components components_;
  GuideInfo guide_;
  Plan plan_;
};

void check_counts(const FilteringOptions& options, ConfigErrors& errors) {
  if (options.generate != 0 && options.keep >= options.generate)
    errors.add("/keep", fmt::format("{} must be less than /generate, which is {}", options.keep, options.generate));
  if (options.block % std::max(options.micro_batch, 1u) != 0)
    errors.add("/block", fmt::format("{} must be a multiple of /micro_batch, which is {}", options.block, options.micro_batch));
  const auto& strengths = options.planted_strengths;
  if (strengths.size() != 3 || strengths[0] <= 0 || strengths[0] >= strengths[1] || strengths[1] >= strengths[2])
    errors.add("/planted_strengths", "needs three ascending positive numbers, such as [24, 48, 96]");
  if (options.features.empty()) errors.add("/features", "needs the name of a feature network");
  if (options.reference.empty()) errors.add("/reference", "needs a path or \"self\"");
}

void check_statistics(const FilteringOptions& options, const Components& components, ConfigErrors& errors) {
  const auto& infos = components.estimator_infos;
  if (std::none_of(infos.begin(), infos.end(), [](const EstimatorInfo& info) { return info.kind == "random"; }))
    errors.add("/estimators", "needs {\"kind\": \"random\"} among them: the control of every record");
  const auto statistics = components.statistics();
  if (std::find(statistics.begin(), statistics.end(), options.rank_by) == statistics.end())
    errors.add("/rank_by",
               "\"" + options.rank_by + "\" is not a statistic of these estimators" + suggestion(options.rank_by, statistics));
}

ResolvedConfig resolve_filtering(const Json& config, ConfigErrors& errors) {
  const std::size_t before = errors.items().size();
  Json rest = config;
  rest.erase("protocol");
  FilteringOptions options = read_options<FilteringOptions>(rest, "", errors);
  check_counts(options, errors);
  const bool fields_sound = errors.items().size() == before;
  Components components;
  if (rest.contains("model") && rest.contains("sampler") && rest.contains("estimators"))
    components = resolve_components(options.model, options.sampler, options.estimators, options.seed, errors);
  GuideInfo guide;
  if (options.guide) guide = resolve_guide(*options.guide, components, options.seed, errors);
  // A statistic can only be called unknown once every estimator is known.
  const bool components_sound = components.estimator_infos.size() == options.estimators.size();
  if (components_sound && !components.estimator_infos.empty()) check_statistics(options, components, errors);
  if (!fields_sound || errors.items().size() != before) return {};
  options.model = components.model;
  options.sampler = components.sampler;
  options.estimators = components.estimators;
  if (guide.exists()) options.guide = guide.resolved;
  ResolvedConfig out;
  out.config = to_json(options);
  if (!guide.exists()) out.config.erase("guide");  // as before there were guides: a run's folder keeps its identity
  out.config["protocol"] = kName;
  out.protocol = std::make_unique<Filtering>(std::move(options), std::move(components), std::move(guide));
  return out;
}

Json filtering_schema() {
  Json schema = json_schema<FilteringOptions>();
  const auto replace = [&schema](const char* key, Json replacement) {
    replacement["description"] = schema["properties"][key].value("description", "");
    schema["properties"][key] = std::move(replacement);
  };
  replace("model", model_schema());
  replace("sampler", sampler_schema());
  replace("guide", guide_schema());
  replace("estimators", {{"type", "array"}, {"minItems", 1}, {"items", estimator_schema()}});
  schema["properties"]["protocol"] = {{"enum", {kName}}};
  schema["required"].push_back("protocol");
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "Config of the filtering protocol";
  return schema;
}

}  // namespace

ProtocolEntry filtering_protocol() {
  return {kName, "keep the images of least (or most) uncertainty and measure the Frechet distance (paper, Table 1)",
          resolve_filtering, filtering_schema};
}

}  // namespace alea
