#include <algorithm>
#include <array>

#include "core/error.h"
#include "protocols/array_names.h"
#include "protocols/distances.h"
#include "protocols/generation.h"
#include "protocols/guide.h"
#include "protocols/run_cost.h"
#include "protocols/schema_of.h"
#include "protocols/sweep.h"
#include "protocols/sweep_guidance_measure.h"

namespace alea {
namespace {

constexpr int kVersion = 1;
constexpr const char* kOver = "guidance";
constexpr std::array<const char*, 2> kSwept = {"quantile", "lambda"};

Json guide_of(const SweepGuidanceOptions& options, const GuidanceCell& cell) {
  Json guide = options.guide;
  guide["quantile"] = cell.quantile;
  guide["lambda"] = cell.lambda;
  return guide;
}

std::vector<std::string> departures(const SweepGuidanceOptions& options, const Components& components) {
  std::vector<std::string> out;
  if (components.n_steps != 50) out.push_back(fmt::format("The sampler takes {} steps; the paper takes 50.", components.n_steps));
  add_distance_departures(options.features, options.reference, out);
  out.push_back("The arms are paired: each id begins at one x_T in all of them.");
  out.push_back(fmt::format("The ids are {} to {}; those below are the guidance protocol's.", options.first_id,
                            options.first_id + options.generate - 1));
  return out;
}

class SweepGuidance final : public Protocol {
 public:
  SweepGuidance(SweepGuidanceOptions options, Components components, std::vector<GuideInfo> guides)
      : options_(std::move(options)), components_(std::move(components)), guides_(std::move(guides)) {
    plan_ = {.seed = options_.seed,
             .start = options_.start,
             .n_samples = options_.generate * (1 + guides_.size()),
             .block = options_.block,
             .micro_batch = options_.micro_batch,
             .model = components_.model,
             .sampler = components_.sampler,
             .estimators = Json::array(),
             .first_id = options_.first_id,
             .arms = {PlanArm{}},
             .maps = false,
             .feature_network = options_.features,
             .planted_strengths = options_.planted_strengths};
    for (const GuideInfo& guide : guides_) plan_.arms.push_back({guide.resolved, guide.thresholds});
  }

  const Plan& plan() const override { return plan_; }
  int version() const override { return kVersion; }

  ArrayMap score(const Store& store, Record& record) const override {
    if (!record.data.is_object()) record.data = Json::object();
    record.data["ids"] = {{"first", options_.first_id}, {"last", options_.first_id + options_.generate - 1}};
    record.cost = cost_of(components_, guides_.front());
    record.departures = departures(options_, components_);
    const std::uint64_t complete = store.n_samples() / options_.generate;  // arms: fewer than planned where there is a limit
    std::uint64_t non_finite = 0;
    ArrayMap curves;
    if (complete == 0) {
      record.invalid_reasons.push_back("the unguided arm isn't complete");
    } else {
      non_finite = measure(store, complete, record, curves);
    }
    record.samples = {{"planned", plan_.n_samples},
                      {"complete", store.n_samples()},
                      {"non_finite", non_finite},
                      {"non_finite_limit", options_.non_finite_limit}};
    if (non_finite > options_.non_finite_limit)
      record.invalid_reasons.push_back(
          fmt::format("{} samples of guided arms aren't finite in theirs or in the unguided arm, "
                      "more than the limit of {}",
                      non_finite, options_.non_finite_limit));
    return curves;
  }

  Json comparable() const override {
    Json out = comparable_distances(kSweep, kVersion, options_, components_);
    out["over"] = kOver;
    out["first_id"] = options_.first_id;
    out["quantiles"] = options_.quantiles;
    out["lambdas"] = options_.lambdas;
    return out;
  }

 private:
  /// Rows and the ids of arm 0; returns how many samples were left out.
  std::uint64_t measure(const Store& store, std::uint64_t complete, Record& record, ArrayMap& curves) const {
    const PairedArms unguided = read_arm(store, options_, 0);
    curves["ids"] = make_array<std::uint64_t>(unguided.ids, {unguided.ids.size()});
    if (!every_group_has_an_id(unguided)) {
      record.invalid_reasons.push_back("usable samples in too few jackknife groups");
      return unguided.non_finite;
    }
    const FrechetReference reference = reference_of_arms(options_.reference, options_.features, unguided, record);
    GuidanceSweep sweep(options_, unguided, reference);
    const auto cells = guidance_cells(options_);
    std::uint64_t non_finite = unguided.non_finite;
    for (std::size_t arm = 1; arm < complete; ++arm) {
      const PairedArms input = read_arm(store, options_, arm);
      non_finite += input.non_finite;
      if (every_group_has_an_id(input))
        sweep.add(cells[arm - 1], input);
      else
        record.invalid_reasons.push_back(fmt::format("{}: usable samples in too few jackknife groups", cells[arm - 1].name()));
    }
    record.metrics = sweep.rows(record.invalid_reasons);
    return non_finite;
  }

  SweepGuidanceOptions options_;
  Components components_;
  std::vector<GuideInfo> guides_;  ///< one a cell
  Plan plan_;
};

void check_ascending(const char* pointer, const std::vector<double>& values, ConfigErrors& errors) {
  if (values.empty() || std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) != values.end())
    errors.add(pointer, "needs ascending numbers, one at least");
}

void check_sweep(const SweepGuidanceOptions& options, ConfigErrors& errors) {
  check_batches(options, errors);
  check_distances(options, errors);
  check_ascending("/quantiles", options.quantiles, errors);
  check_ascending("/lambdas", options.lambdas, errors);
  if (options.generate % options.block != 0)
    errors.add("/generate", fmt::format("{} must be a multiple of /block, which is {}: a block is of one arm", options.generate,
                                        options.block));
  if (!options.guide.is_object()) return;
  for (const char* key : kSwept)
    if (options.guide.contains(key)) errors.add(std::string("/guide/") + key, "is swept: see /quantiles and /lambdas");
}

ResolvedConfig resolve_sweep_guidance(const Json& config, ConfigErrors& errors) {
  Json rest = config;
  rest.erase("protocol");
  SweepGuidanceOptions options = read_options<SweepGuidanceOptions>(rest, "", errors);
  check_sweep(options, errors);
  if (!rest.contains("model") || !rest.contains("sampler")) return {};
  Components components = resolve_model_and_sampler(options.model, options.sampler, options.seed, errors);
  if (!errors.empty()) return {};
  std::vector<GuideInfo> guides;
  for (const GuidanceCell& cell : guidance_cells(options)) {
    guides.push_back(resolve_guide(guide_of(options, cell), components, options.seed, errors));
    if (!errors.empty()) return {};  // the same in every cell
  }
  if (guides.empty() || guides.front().resolved.at("mask") != "quantile") {
    errors.add("/guide/mask", "only quantiles of each image's own U can be swept");
    return {};
  }
  options.model = components.model;
  options.sampler = components.sampler;
  options.guide = guides.front().resolved;
  for (const char* key : kSwept) options.guide.erase(key);
  ResolvedConfig out;
  out.config = to_json(options);
  out.config["protocol"] = kSweep;
  out.protocol = std::make_unique<SweepGuidance>(std::move(options), std::move(components), std::move(guides));
  return out;
}

Json sweep_guidance_schema() { return protocol_schema<SweepGuidanceOptions>(kSweep); }

}  // namespace

SweepKind sweep_over_guidance() { return {kOver, resolve_sweep_guidance, sweep_guidance_schema}; }

}  // namespace alea
