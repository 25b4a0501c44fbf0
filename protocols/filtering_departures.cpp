#include <algorithm>

#include "protocols/filtering.h"

namespace alea {
namespace {

constexpr std::uint64_t kPaperGenerate = 60000, kPaperKeep = 50000;

/// Empty where the model is one of the paper's.
std::string model_departure(const Json& model) {
  const std::string kind = model.at("kind").get<std::string>();
  if (kind.starts_with("toy")) return "The model is a toy with an exact score, not one of the paper's networks.";
  if (model.value("manifest", "").starts_with("embedded/"))
    return "The model is the small embedded one, not one of the paper's networks.";
  return "";
}

std::string sampler_departure(const Components& components) {
  if (components.n_steps == 50) return "";
  return fmt::format("The sampler takes {} steps; the paper takes 50.", components.n_steps);
}

/// The estimator that yields `statistic`, as configured.
const Json& estimator_of(const Components& components, const std::string& statistic) {
  for (std::size_t i = 0; i < components.estimator_infos.size(); ++i) {
    const auto& names = components.estimator_infos[i].statistics;
    if (std::find(names.begin(), names.end(), statistic) != names.end()) return components.estimators.at(i);
  }
  fail(ErrorCode::internal, "no estimator yields {}", statistic);
}

std::vector<std::string> estimator_departures(const FilteringOptions& options, const Components& components) {
  const Json& estimator = estimator_of(components, options.rank_by);
  if (estimator.at("kind") != "aleatoric")
    return {fmt::format("The headline ranks by {}, not by the paper's statistic.", options.rank_by)};
  std::vector<std::string> out;
  const int passes = estimator.at("passes").get<int>(), first = estimator.at("first_index").get<int>(),
            last = estimator.at("last_index").get<int>();
  if (passes != 5) out.push_back(fmt::format("M is {}; the paper takes 5.", passes));
  if (first != 45 || last != 48)
    out.push_back(fmt::format("The window is solver indices {} to {}; the paper takes 45 to 48 of 50.", first, last));
  if (options.rank_by == "aleatoric.variance")
    out.push_back("The variance divides by M-1; Eq. 8 as printed has no divisor.");
  else
    out.push_back(fmt::format("The headline ranks by {}; Eq. 8 is a variance.", options.rank_by));
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
  for (std::string& sentence : estimator_departures(options, components)) add(std::move(sentence));
  if (options.generate != kPaperGenerate || options.keep != kPaperKeep)
    add(fmt::format("{} images are generated and {} kept; the paper generates {} and keeps {}.", options.generate, options.keep,
                    kPaperGenerate, kPaperKeep));
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
  add("Start points are counter-based random numbers by sample id, not those of torch's generator.");
  return out;
}

}  // namespace alea
