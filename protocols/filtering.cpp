#include "protocols/filtering.h"

#include <algorithm>

#include "protocols/filtering_measure.h"
#include "protocols/filtering_sets.h"
#include "protocols/generation.h"
#include "protocols/protocol_entry.h"
#include "protocols/realism_scores.h"
#include "protocols/schema_of.h"

namespace alea {
namespace {

constexpr int kVersion = 1;
constexpr const char* kName = "filtering";

class Filtering final : public Protocol {
 public:
  Filtering(FilteringOptions options, Components components, GuideInfo guide, EqualCostArm arm)
      : options_(std::move(options)),
        components_(std::move(components)),
        guide_(std::move(guide)),
        arm_(std::move(arm)),
        plan_(make_plan()) {}

  const Plan& plan() const override { return plan_; }
  int version() const override { return kVersion; }

  ArrayMap score(const Store& store, Record& record) const override {
    return score_filtering(store, options_, components_, guide_, arm_, record);
  }

  void check_files() const override {
    for (const FileScoresOptions& scores : options_.from_file) read_file_scores(scores, options_.generate, options_.generate);
  }

  Json comparable() const override {
    Json out = comparable_distances(kName, kVersion, options_, components_);
    out["keep"] = options_.keep;
    out["keep_side"] = options_.keep_side;
    out["subsets"] = options_.subsets;
    if (options_.within_class) out["within_class"] = true;
    if (options_.equal_cost) out["equal_cost"] = true;
    // Left out where they are as ever, so that records from before there was a choice compare with those of today.
    if (options_.precision != "float32") out["precision"] = options_.precision;
    if (options_.score_precision != "float64") out["score_precision"] = options_.score_precision;
    if (options_.min_max_batch != 0) out["min_max_batch"] = options_.min_max_batch;
    if (guide_.exists()) out["guide"] = guide_.resolved;
    add_comparable_sets(options_, out);
    return out;
  }

 private:
  Plan make_plan() const {
    return {.seed = options_.seed,
            .start = options_.start,
            .n_samples = options_.generate,
            .block = options_.block,
            .micro_batch = options_.micro_batch,
            .precision = options_.precision,
            .model = components_.model,
            .sampler = components_.sampler,
            .estimators = components_.estimators,
            .guide = guide_.resolved,
            .thresholds = guide_.thresholds,
            .maps = options_.store_maps,
            .equal_cost_sampler = arm_.sampler,
            .equal_cost_images = arm_.images,
            .realism = options_.realism,
            .labels = options_.within_class,
            .feature_network = options_.features,
            .min_max_batch = options_.min_max_batch,
            .planted_strengths = options_.planted_strengths,
            .spatial_features = options_.wants("sfid"),
            .reference_images = options_.reference_images,
            .reference_count = options_.reference_count};
  }

  FilteringOptions options_;
  Components components_;
  GuideInfo guide_;
  EqualCostArm arm_;
  Plan plan_;
};

void check_counts(const FilteringOptions& options, ConfigErrors& errors) {
  if (options.generate != 0 && options.keep >= options.generate)
    errors.add("/keep", fmt::format("{} must be less than /generate, which is {}", options.keep, options.generate));
  check_batches(options, errors);
  check_distances(options, errors);
  check_sets(options, errors);
}

/// As the released code counts: whole batches, the last one dropped.
void keep_whole_batches(FilteringOptions& options, ConfigErrors& errors) {
  const std::uint64_t kept = options.keep - options.keep % options.keep_batch;
  if (kept == 0)
    errors.add("/keep_batch",
               fmt::format("{} is more than /keep, which is {}: nothing would be kept", options.keep_batch, options.keep));
  options.keep = kept;
}

void check_statistics(const FilteringOptions& options, const Components& components, ConfigErrors& errors) {
  const auto& infos = components.estimator_infos;
  if (std::none_of(infos.begin(), infos.end(), [](const EstimatorInfo& info) { return info.kind == "random"; }))
    errors.add("/estimators", "needs {\"kind\": \"random\"} among them: the control of every record");
  auto statistics = components.statistics();
  check_file_scores(options.from_file, statistics, errors);
  for (const FileScoresOptions& scores : options.from_file) statistics.push_back(scores.name);
  if (options.realism && options.rank_by == realism_statistic(*options.realism)) {
    if (is_in_own_features(options))
      errors.add("/rank_by", fmt::format("\"{}\" looks through the features that judge it, and ranks nothing; choose another "
                                         "/realism/network than /features",
                                         options.rank_by));
    return;
  }
  if (std::find(statistics.begin(), statistics.end(), options.rank_by) == statistics.end())
    errors.add("/rank_by", "\"" + options.rank_by + "\" is no statistic of these estimators or files" +
                               suggestion(options.rank_by, statistics));
}

void check_within_class(const FilteringOptions& options, const Components& components, ConfigErrors& errors) {
  if (options.within_class && components.n_classes == 0)
    errors.add("/within_class", components.model.at("kind").get<std::string>() +
                                    " has no classes to select within; leave this out, or choose a model that has");
}

/// As before there was a choice: a run's folder keeps its identity.
void leave_out_unused(Json& config, const GuideInfo& guide, const FilteringOptions& options) {
  if (!guide.exists()) config.erase("guide");
  if (!options.within_class) config.erase("within_class");
  if (!options.equal_cost) config.erase("equal_cost");
  if (!options.realism) config.erase("realism");
  leave_out_as_ever<FilteringOptions>(config, {"keep_batch", "score_precision", "min_max_batch"});
}

/// Of the statistic that the headline ranks by.
int ranked_nfe(const FilteringOptions& options, const Components& components, const GuideInfo& guide) {
  int extra = 0;
  for (const EstimatorInfo& info : components.estimator_infos)
    if (std::ranges::find(info.statistics, options.rank_by) != info.statistics.end()) extra = info.extra_nfe;
  for (const FileScoresOptions& file : options.from_file)
    if (file.name == options.rank_by) extra = static_cast<int>(file.extra_nfe);
  return components.base_nfe + extra + guide.nfe;
}

ResolvedConfig resolve_filtering(const Json& config, ConfigErrors& errors) {
  const std::size_t before = errors.items().size();
  Json rest = config;
  rest.erase("protocol");
  FilteringOptions options = read_options<FilteringOptions>(rest, "", errors);
  check_counts(options, errors);
  if (errors.items().size() == before) keep_whole_batches(options, errors);
  const bool fields_sound = errors.items().size() == before;
  Components components;
  if (rest.contains("model") && rest.contains("sampler") && rest.contains("estimators"))
    components = resolve_components(options.model, options.sampler, options.estimators, options.seed, errors);
  GuideInfo guide;
  if (options.guide && components.model.is_object()) guide = resolve_guide(*options.guide, components, options.seed, errors);
  check_within_class(options, components, errors);
  // A statistic can only be called unknown once every estimator is known.
  const bool components_sound = components.estimator_infos.size() == options.estimators.size();
  if (components_sound && !components.estimator_infos.empty()) check_statistics(options, components, errors);
  if (!fields_sound || errors.items().size() != before) return {};
  EqualCostArm arm;
  if (options.equal_cost)
    arm = resolve_equal_cost(components, ranked_nfe(options, components, guide), options.keep, options.seed, errors);
  if (errors.items().size() != before) return {};
  options.model = components.model;
  options.sampler = components.sampler;
  options.estimators = components.estimators;
  if (guide.exists()) options.guide = guide.resolved;
  ResolvedConfig out;
  out.config = to_json(options);
  leave_out_unused(out.config, guide, options);
  leave_out_unused_sets(options, out.config);
  out.config["protocol"] = kName;
  out.protocol = std::make_unique<Filtering>(std::move(options), std::move(components), std::move(guide), std::move(arm));
  return out;
}

Json filtering_schema() { return protocol_schema<FilteringOptions>(kName); }

}  // namespace

ProtocolEntry filtering_protocol() {
  return {kName, "keep the images of least (or most) uncertainty and measure the Frechet distance (paper, Table 1)",
          resolve_filtering, filtering_schema, filtering_metrics()};
}

}  // namespace alea
