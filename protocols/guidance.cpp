#include "core/error.h"
#include "protocols/array_names.h"
#include "protocols/distances.h"
#include "protocols/generation.h"
#include "protocols/guidance_measure.h"
#include "protocols/guide.h"
#include "protocols/protocol_entry.h"
#include "protocols/run_cost.h"
#include "protocols/schema_of.h"
#include "uncertainty/guidance_options.h"

namespace alea {
namespace {

constexpr int kVersion = 1;
constexpr const char* kName = "guidance";
constexpr std::uint64_t kPaperGenerate = 10000;

/// A sentence for each of the guide's options that the paper has otherwise and that moves a result.
std::vector<std::string> guide_departures(const Json& guide) {
  ConfigErrors errors;
  const Json paper = to_json(read_guidance_options(Json::object(), "", errors));
  std::vector<std::string> out;
  for (const auto& [key, value] : guide.items()) {
    const bool is_result = key != "variant" && key != "graphs" && key != "thresholds" && key != "thresholds_sha256";
    if (is_result && value != paper.at(key))
      out.push_back(fmt::format("The guide's {} is {}; the paper's {}.", key, value.dump(), paper.at(key).dump()));
  }
  return out;
}

std::vector<std::string> departures(const GuidedRunOptions& options, const Components& components, const GuideInfo& guide) {
  std::vector<std::string> out = guide_departures(guide.resolved);
  if (components.n_steps != 50) out.push_back(fmt::format("The sampler takes {} steps; the paper takes 50.", components.n_steps));
  if (options.steps_divisor != 1)
    out.push_back(fmt::format("Both arms take the config's {} steps over {}, as the released scripts do.",
                              options.sampler.at("steps").dump(), options.steps_divisor));
  if (options.generate != kPaperGenerate)
    out.push_back(fmt::format("{} images an arm; the paper has {}.", options.generate, kPaperGenerate));
  add_distance_departures(options.features, options.reference, out);
  out.push_back("The arms are paired: each id begins at one x_T in both.");
  out.push_back("There is no arm of equal cost here: run the same config with more sampler steps beside it.");
  return out;
}

void add_null_headline(const std::string& reason, const GuidedRunOptions& options, Record& record) {
  MetricRow row =
      metric_row("gain." + distance_name(options.features, "guided"), Direction::higher, "squared feature distance", 0);
  row.why_null = reason;
  row.details = {{"group", "headline"}};
  record.metrics.push_back(std::move(row));
  record.invalid_reasons.push_back(reason);
}

class GuidanceProtocol final : public Protocol {
 public:
  GuidanceProtocol(GuidedRunOptions options, Components components, GuideInfo guide)
      : options_(std::move(options)), components_(std::move(components)), guide_(std::move(guide)) {
    plan_ = {.seed = options_.seed,
             .start = options_.start,
             .n_samples = options_.generate,
             .block = options_.block,
             .micro_batch = options_.micro_batch,
             .model = components_.model,
             .sampler = components_.sampler,
             .estimators = Json::array(),
             .guide = guide_.resolved,
             .thresholds = guide_.thresholds,
             .unguided_arm = true,
             .maps = false,
             .feature_network = options_.features,
             .planted_strengths = options_.planted_strengths};
  }

  const Plan& plan() const override { return plan_; }
  int version() const override { return kVersion; }

  ArrayMap score(const Store& store, Record& record) const override {
    if (!record.data.is_object()) record.data = Json::object();
    const PairedArms input = read_guidance_input(store, options_);
    record.samples = {{"planned", options_.generate},
                      {"complete", store.n_samples()},
                      {"non_finite", input.non_finite},
                      {"non_finite_limit", options_.non_finite_limit}};
    record.cost = cost_of(components_, guide_);
    record.departures = departures(options_, components_, guide_);
    if (input.non_finite > options_.non_finite_limit)
      record.invalid_reasons.push_back(fmt::format("{} samples aren't finite in both arms, more than the limit of {}",
                                                   input.non_finite, options_.non_finite_limit));
    ArrayMap curves;
    curves["ids"] = make_array<std::uint64_t>(input.ids, {input.ids.size()});
    for (const std::string& statistic : guide_.statistics)
      curves["step_scores/" + statistic] = store.gather(array_names::kBlocks, array_names::scores(statistic));
    if (!every_group_has_an_id(input)) {
      add_null_headline("usable samples in too few jackknife groups", options_, record);
      return curves;
    }
    record.metrics = guidance_rows(input, options_, reference_of_arms(options_.reference, options_.features, input, record), record.invalid_reasons);
    return curves;
  }

  Json comparable() const override { return comparable_distances(kName, kVersion, options_, components_); }

 private:
  GuidedRunOptions options_;
  Components components_;
  GuideInfo guide_;
  Plan plan_;
};

/// The model and the sampler that the arms run with: `sampler` gets its defaults, the components its steps over the divisor.
Components resolve_divided(const GuidedRunOptions& options, Json& sampler, ConfigErrors& errors) {
  const auto resolve = [&](const Json& json) { return resolve_model_and_sampler(options.model, json, options.seed, errors); };
  Components whole = resolve(options.sampler);
  sampler = whole.sampler;
  if (options.steps_divisor == 1 || !errors.empty()) return whole;
  const int steps = sampler.value("steps", 0) / options.steps_divisor;
  if (steps < 1) {
    errors.add("/steps_divisor", fmt::format("leaves none of the steps of /sampler, which is {}", sampler.dump()));
    return whole;
  }
  Json divided = sampler;
  divided["steps"] = steps;
  return resolve(divided);
}

ResolvedConfig resolve_guidance(const Json& config, ConfigErrors& errors) {
  Json rest = config;
  rest.erase("protocol");
  GuidedRunOptions options = read_options<GuidedRunOptions>(rest, "", errors);
  check_batches(options, errors);
  check_distances(options, errors);
  if (!rest.contains("model") || !rest.contains("sampler")) return {};
  Json sampler;
  Components components = resolve_divided(options, sampler, errors);
  GuideInfo guide = resolve_guide(options.guide, components, options.seed, errors);
  if (!errors.empty()) return {};
  options.model = components.model;
  options.sampler = sampler;
  options.guide = guide.resolved;
  ResolvedConfig out;
  out.config = to_json(options);
  leave_out_as_ever<GuidedRunOptions>(out.config, {"steps_divisor"});
  out.config["protocol"] = kName;
  out.protocol = std::make_unique<GuidanceProtocol>(std::move(options), std::move(components), std::move(guide));
  return out;
}

std::vector<std::pair<std::string, std::string>> guidance_metrics() {
  return {{"fd.<network>.unguided", "Frechet distance of the images without the guide; fid.unguided and so on with Inception"},
          {"fd.<network>.guided", "Frechet distance of the guided images"},
          {"gain.fd.<network>.guided", "unguided minus guided: how much closer to the reference guidance comes"},
          {"gain.fd.<network>.oracle.<strength>", "what taking planted defects away from the guided images gains"},
          {"guidance.ratio", "how far eps is moved, in its own length, mean over images and guided steps"}};
}

Json guidance_schema() { return protocol_schema<GuidedRunOptions>(kName); }

}  // namespace

ProtocolEntry guidance_protocol() {
  return {kName, "guided and unguided images from the same x_T, and which are closer to the reference (paper, Table 3)",
          resolve_guidance, guidance_schema, guidance_metrics()};
}

}  // namespace alea
