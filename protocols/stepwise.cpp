#include <algorithm>

#include "protocols/array_names.h"
#include "protocols/generation.h"
#include "protocols/protocol_entry.h"
#include "protocols/schema_of.h"
#include "protocols/stepwise_measure.h"
#include "protocols/stepwise_options.h"

namespace alea {
namespace {

constexpr int kVersion = 1;
constexpr const char* kName = "stepwise";
constexpr std::uint64_t kPaperGenerate = 60000;
constexpr int kPaperSteps = 50, kPaperPasses = 5;

constexpr const char* kUncertainty = "uncertainty";
constexpr const char* kInformation = "information";

std::vector<std::string> departures(const StepwiseOptions& options, const Components& components) {
  std::vector<std::string> out;
  const std::string kind = components.model.at("kind").get<std::string>();
  if (kind.starts_with("toy") || components.model.value("manifest", "").starts_with("embedded/"))
    out.push_back("The model isn't one of the paper's networks.");
  if (components.n_steps != kPaperSteps)
    out.push_back(fmt::format("The sampler takes {} steps; the paper takes {}.", components.n_steps, kPaperSteps));
  if (options.generate != kPaperGenerate)
    out.push_back(fmt::format("{} images; the paper has {}.", options.generate, kPaperGenerate));
  for (const Json& estimator : components.estimators)
    if (estimator.at("kind") == "aleatoric" && estimator.at("passes") != kPaperPasses)
      out.push_back(fmt::format("M is {}; the paper takes {}.", estimator.at("passes").dump(), kPaperPasses));
  for (const EstimatorInfo& info : components.estimator_infos)
    out.insert(out.end(), info.departures.begin(), info.departures.end());
  out.push_back("U is a mean over the elements of the network's space; the released code plots sums.");
  return out;
}

void fill_counts(const StepwiseInput& input, const Store& store, const StepwiseOptions& options, const Components& components,
                 Record& record) {
  record.samples = {{"planned", options.generate},
                    {"complete", store.n_samples()},
                    {"non_finite", input.non_finite},
                    {"non_finite_limit", options.non_finite_limit}};
  record.cost = {{"base", components.base_nfe}, {"extra", components.extra_nfe}, {"total", components.total_nfe()}};
  record.departures = departures(options, components);
  if (input.non_finite > options.non_finite_limit)
    record.invalid_reasons.push_back(fmt::format("{} samples aren't finite, more than the limit of {}; they are left out",
                                                 input.non_finite, options.non_finite_limit));
}

/// The rows and curves of one statistic.
void add_statistic(const StepScores& scores, const StepwiseInput& input, const SolverOutline& outline, Record& record,
                   ArrayMap& out) {
  const auto add = [&](const char* what, const StepCurves& curves) {
    for (MetricRow& row : step_rows(what, scores, curves, outline, input.ids.size())) record.metrics.push_back(std::move(row));
    add_step_curves(what, scores, curves, outline, out);
  };
  const StepCurves curves = step_curves(scores, input.ids);
  add(kUncertainty, curves);
  // Sec. 3.5 is about Algorithm 1, and about steps with noise: what other estimators measure is no estimate of the information.
  const std::vector<double> variances = noise_variances(scores.window, outline);
  if (scores.statistic.starts_with("aleatoric") && std::ranges::count(variances, 0.0) == 0)
    add(kInformation, divided(curves, variances));
}

class Stepwise final : public Protocol {
 public:
  Stepwise(StepwiseOptions options, Components components) : options_(std::move(options)), components_(std::move(components)) {
    plan_ = {.seed = options_.seed,
             .start = options_.start,
             .n_samples = options_.generate,
             .block = options_.block,
             .micro_batch = options_.micro_batch,
             .model = components_.model,
             .sampler = components_.sampler,
             .estimators = components_.estimators,
             .maps = false};
  }

  const Plan& plan() const override { return plan_; }
  int version() const override { return kVersion; }

  ArrayMap score(const Store& store, Record& record) const override {
    const SolverOutline outline = outline_of_solver(components_.model, components_.sampler, options_.seed);
    const StepwiseInput input = read_stepwise_input(store, components_, outline);
    fill_counts(input, store, options_, components_, record);
    if (!record.data.is_object()) record.data = Json::object();
    record.data["elements"] = outline.elements;
    ArrayMap out;
    out["ids"] = make_array<std::uint64_t>(input.ids, {input.ids.size()});
    const auto sizes = jackknife_group_sizes(input.ids);
    if (std::ranges::count(sizes, std::size_t{0}) > 0) {
      record.invalid_reasons.push_back("usable samples in too few jackknife groups");
      return out;
    }
    for (const StepScores& scores : input.statistics) add_statistic(scores, input, outline, record, out);
    return out;
  }

  Json comparable() const override {
    Json out = comparable_generation(kName, kVersion, options_, components_);
    out["generate"] = options_.generate;
    return out;
  }

 private:
  StepwiseOptions options_;
  Components components_;
  Plan plan_;
};

/// Algorithm 1 over every step.
Json estimators_over(int n_steps) {
  return Json::array({{{"kind", "aleatoric"}, {"passes", kPaperPasses}, {"first_index", 0}, {"last_index", n_steps - 1}}});
}

void check_windows(const Components& components, ConfigErrors& errors) {
  const auto looks = [](const EstimatorInfo& info) { return !info.window.empty(); };
  if (std::ranges::none_of(components.estimator_infos, looks))
    errors.add("/estimators", "needs one at least that looks at solver steps, such as {\"kind\": \"aleatoric\"}");
}

ResolvedConfig resolve_stepwise(const Json& config, ConfigErrors& errors) {
  Json rest = config;
  rest.erase("protocol");
  StepwiseOptions options = read_options<StepwiseOptions>(rest, "", errors);
  check_batches(options, errors);
  if (!rest.contains("model") || !rest.contains("sampler")) return {};
  if (!options.estimators) {
    ConfigErrors ignored;  // said below
    const int n_steps = resolve_model_and_sampler(options.model, options.sampler, options.seed, ignored).n_steps;
    options.estimators = estimators_over(std::max(n_steps, 1));
  }
  Components components = resolve_components(options.model, options.sampler, *options.estimators, options.seed, errors);
  if (errors.empty()) check_windows(components, errors);
  if (!errors.empty()) return {};
  options.model = components.model;
  options.sampler = components.sampler;
  options.estimators = components.estimators;
  ResolvedConfig out;
  out.config = to_json(options);
  out.config["protocol"] = kName;
  out.protocol = std::make_unique<Stepwise>(std::move(options), std::move(components));
  return out;
}

std::vector<std::pair<std::string, std::string>> stepwise_metrics() {
  return {{"uncertainty.<statistic>.step<i>", "U per element at solver index i, mean over images"},
          {"uncertainty.<statistic>.peak", "the solver index where that mean is largest"},
          {"information.<statistic>.step<i>", "U over sigma^2, which the paper takes for the Fisher information's diagonal"},
          {"information.<statistic>.peak", "the solver index where that mean is largest"}};
}

Json stepwise_schema() { return protocol_schema<StepwiseOptions>(kName); }

}  // namespace

ProtocolEntry stepwise_protocol() {
  return {kName, "uncertainty step by step, its mean and spread over images (paper, Fig. 3)", resolve_stepwise, stepwise_schema,
          stepwise_metrics()};
}

}  // namespace alea
