#include <algorithm>
#include <optional>

#include "protocols/filtering.h"

namespace alea {
namespace {

constexpr std::uint64_t kPaperGenerate = 60000, kPaperKeep = 50000;

/// Empty where the model is one of the paper's.
std::string model_departure(const Json& model) {
  const std::string kind = model.at("kind").get<std::string>(), manifest = model.value("manifest", "");
  if (kind.starts_with("toy")) return "The model is a toy with an exact score, not one of the paper's networks.";
  if (kind == "latent") return model_departure(model.at("model"));
  if (model.contains("model")) return fmt::format("The model is wrapped in {}; the paper's are not guided.", kind);
  if (manifest.starts_with("embedded/")) return "The model is the small embedded one, not one of the paper's networks.";
  return manifest.starts_with("networks/") ? "" : fmt::format("The model is that of {}, not one of the paper's.", manifest);
}

std::string sampler_departure(const Components& components) {
  if (components.n_steps == 50) return "";
  return fmt::format("The sampler takes {} steps; the paper takes 50.", components.n_steps);
}

std::string start_departure(const std::string& start) {
  if (start == "philox") return "Start points are counter-based random numbers by sample id, not those of torch's generator.";
  return fmt::format(
      "Start points are those of the paper's code for {}; all other random numbers are counter-based, by sample "
      "id, not those of torch's generator.",
      start);
}

/// Place of the estimator that yields `statistic`; nothing for scores of files and free ones.
std::optional<std::size_t> estimator_of(const Components& components, const std::string& statistic) {
  for (std::size_t i = 0; i < components.estimator_infos.size(); ++i) {
    const auto& names = components.estimator_infos[i].statistics;
    if (std::find(names.begin(), names.end(), statistic) != names.end()) return i;
  }
  return std::nullopt;
}

/// M of "aleatoric.variance.m5", or all passes.
int answers_behind(const std::string& statistic, int passes) {
  const auto at = statistic.rfind(".m");
  const bool is_prefix = at != std::string::npos && statistic.find_first_not_of("0123456789", at + 2) == std::string::npos;
  return is_prefix ? std::stoi(statistic.substr(at + 2)) : passes;
}

std::string divisor_departure(const std::string& statistic) {
  if (statistic.find("variance_sum") != std::string::npos) return "";
  if (statistic.find("variance_biased") != std::string::npos)
    return "The variance divides by M; Eq. 8 as printed has no divisor.";
  if (statistic.find("variance") != std::string::npos) return "The variance divides by M-1; Eq. 8 as printed has no divisor.";
  return fmt::format("The headline ranks by {}; Eq. 8 is a variance.", statistic);
}

std::vector<std::string> headline_departures(const FilteringOptions& options, const Components& components) {
  const auto place = estimator_of(components, options.rank_by);
  if (!place || components.estimators.at(*place).at("kind") != "aleatoric")
    return {fmt::format("The headline ranks by {}, not by the paper's statistic.", options.rank_by)};
  const Json& estimator = components.estimators.at(*place);
  std::vector<std::string> out;
  const int passes = answers_behind(options.rank_by, estimator.at("passes").get<int>()),
            first = estimator.at("first_index").get<int>(), last = estimator.at("last_index").get<int>();
  if (passes != 5) out.push_back(fmt::format("M is {}; the paper takes 5.", passes));
  if (first != 45 || last != 48)
    out.push_back(fmt::format("The window is solver indices {} to {}; the paper takes 45 to 48 of 50.", first, last));
  out.push_back(divisor_departure(options.rank_by));
  return out;
}

}  // namespace

std::vector<std::string> filtering_departures(const FilteringOptions& options, const Components& components) {
  std::vector<std::string> out;
  const auto add = [&out](std::string sentence) {
    if (!sentence.empty()) out.push_back(std::move(sentence));
  };
  add(model_departure(components.model));
  add(sampler_departure(components));
  for (std::string& sentence : headline_departures(options, components)) add(std::move(sentence));
  for (const EstimatorInfo& info : components.estimator_infos)
    for (const std::string& sentence : info.departures) add(sentence);
  if (options.generate != kPaperGenerate || options.keep != kPaperKeep)
    add(fmt::format("{} images are generated and {} kept; the paper generates {} and keeps {}.", options.generate, options.keep,
                    kPaperGenerate, kPaperKeep));
  if (options.keep_batch > 1)
    add(fmt::format("Images are kept in whole batches of {}, as the released code counts them.", options.keep_batch));
  if (options.score_precision != "float64")
    add("Scores are rounded to 16-bit floats, as those of the released code are; images of equal score stand in order of id.");
  if (options.min_max_batch != 0)
    add(fmt::format(
        "Generated images are stretched to the full range of grey levels, {} of a block at a time, before features are "
        "taken, as the released code does; the reference's aren't.",
        options.min_max_batch));
  if (options.within_class)
    add("The same share of every class is kept, each class by its own ranking; the paper ranks all images together.");
  if (options.precision != "float32")
    add(
        fmt::format("The network computes in {} (the released code in float16 under autocast); the record's "
                    "/model/precision_validation says how its scores rank against those in float32.",
                    options.precision));
  if (options.features != "inception")
    add(
        fmt::format("Distances are taken between features of {}, not of Inception-v3, so they are called fd and don't compare "
                    "with published FIDs.",
                    options.features));
  if (options.reference == "self")
    add("The reference is the generated images themselves, which is good for smoke tests only: no distance here says anything "
        "about quality.");
  add(
      fmt::format("The headline keeps the {} scores and both sides are reported: the paper's text says highest, its aim and its "
                  "released code lowest.",
                  options.keep_side));
  add(fmt::format("The kept set is compared with {} seeded random subsets of its size; the paper draws one.", options.subsets));
  add(start_departure(options.start));
  return out;
}

}  // namespace alea
