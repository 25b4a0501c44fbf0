#include "protocols/guide.h"

#include "models/differentiable.h"
#include "models/models.h"
#include "protocols/guide_thresholds.h"
#include "uncertainty/guidance.h"

namespace alea {
namespace {

constexpr const char* kPointer = "/guide";

void check_same(const char* what, const Json& found, const Json& wanted, ConfigErrors& errors) {
  if (found == wanted) return;
  errors.add(std::string(kPointer) + "/thresholds",
             fmt::format("made with another {}: {}, this run's is {}; make them again with `alea thresholds`", what, found.dump(),
                         wanted.dump()));
}

/// The file's values, its hash noted in `options`.
std::shared_ptr<const GuidanceThresholds> load_thresholds(GuidanceOptions& options, const Components& components,
                                                          ConfigErrors& errors) {
  const std::size_t before = errors.items().size();
  const ThresholdsFile file = load_thresholds_file(options.thresholds);
  if (!options.thresholds_sha256.empty() && options.thresholds_sha256 != file.sha256)
    errors.add(std::string(kPointer) + "/thresholds_sha256",
               fmt::format("expected {}, {} has {}; leave it out to take the file as it is", options.thresholds_sha256,
                           options.thresholds, file.sha256));
  check_same("model", file.model, components.model, errors);
  check_same("sampler", file.sampler, components.sampler, errors);
  check_same("uncertainty", file.uncertainty, uncertainty_of_mask(to_json(options)), errors);
  if (errors.items().size() != before) return nullptr;
  options.thresholds_sha256 = file.sha256;
  return std::make_shared<const GuidanceThresholds>(file.thresholds);
}

void describe(const GuidanceOptions& options, const Components& components, std::uint64_t seed, GuideInfo& out) {
  const NoiseSchedule schedule{ScheduleOptions{}};  // the model's own is in its manifest; counts don't depend on it
  const auto factory =
      make_guidance(options, {.schedule = schedule, .seed = seed, .n_steps = components.n_steps, .thresholds = out.thresholds});
  out.statistics = factory->statistics();
  out.nfe = factory->nfe() * forwards_of(components.model);
}

}  // namespace

GuideInfo resolve_guide(const Json& guide, const Components& components, std::uint64_t seed, ConfigErrors& errors) {
  const std::size_t before = errors.items().size();
  GuideInfo out;
  GuidanceOptions options = read_guidance_options(guide, kPointer, errors);
  if (const std::string why = why_not_differentiable(components.model); options.needs_gradient() && !why.empty())
    errors.add(kPointer, why);
  if (components.n_steps == 0 || errors.items().size() != before) return out;
  try {
    if (options.mask == "thresholds") out.thresholds = load_thresholds(options, components, errors);
    if (errors.items().size() == before) describe(options, components, seed, out);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::config) throw;
    errors.add(kPointer, error.what());
  }
  out.resolved = to_json(options);
  return out;
}

Json uncertainty_of_mask(const Json& resolved_guide) {
  const bool same = resolved_guide.at("mask_statistic") == "same";
  return {{"statistic", resolved_guide.at(same ? "statistic" : "mask_statistic")},
          {"passes", resolved_guide.at("passes")},
          {"clip", resolved_guide.at("clip")},
          {"level", resolved_guide.at("level")}};
}

Json guide_schema() {
  Json schema = json_schema<GuidanceOptions>();
  schema["type"] = {"object", "null"};
  return schema;
}

}  // namespace alea
