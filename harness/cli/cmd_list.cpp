#include <memory>

#include "cli/args.h"
#include "data/dataset.h"
#include "models/models.h"
#include "samplers/samplers.h"
#include "uncertainty/estimators.h"

namespace alea {

namespace {

using Names = std::vector<std::pair<std::string, std::string>>;

template <class Registry>
Names entries_of(const Registry& registry) {
  Names out;
  for (const auto& entry : registry.entries()) out.emplace_back(entry.name, entry.summary);
  return out;
}

Names datasets() {
  Names out;
  for (const auto& name : dataset_names()) out.emplace_back(name, "");
  return out;
}

/// As records name them: <network> is the feature network, <statistic> one of an estimator's (or free.total_variation).
Names metrics() {
  return {{"fd.<network>.all", "Frechet distance of all generated images to the reference"},
          {"fd.<network>.random", "mean Frechet distance of random subsets of the kept size"},
          {"fd.<network>.kept", "Frechet distance of the images that the config keeps"},
          {"fd.<network>.kept.<statistic>.<side>", "the same for every statistic and either side (lowest, highest)"},
          {"gain.fd.<network>.kept", "random minus kept: how much closer to the reference filtering comes than chance"},
          {"gain.fd.<network>.kept.<statistic>.<side>", "the same for every statistic and either side"},
          {"gain.fd.<network>.oracle.<strength>", "gain of a score that knows which images have a planted defect"},
          {"fid, fd.<network>", "alea metrics: Frechet distance of two sets; fid is the published Inception network's alone"},
          {"sfid, sfd.<network>", "alea metrics: the same on spatial features"},
          {"fid.bias, fid.infinity", "alea metrics: expected bias at these sizes; intercept at 1/N = 0"},
          {"kid, kernel_distance.<network>", "alea metrics: unbiased squared maximum mean discrepancy, mean over subsets"},
          {"kid.all, kernel_distance.all.<network>", "alea metrics: the same from all rows at once"},
          {"is, class_score.<network>", "alea metrics: Inception score, or that of another classifier"},
          {"precision.<network>, recall.<network>", "alea metrics: share of one set inside the other's balls"},
          {"density.<network>, coverage.<network>", "alea metrics: balls a generated sample lies in; real balls that hold one"}};
}

const std::vector<std::string>& families() {
  static const std::vector<std::string> names = {"models", "samplers", "estimators", "metrics", "protocols", "datasets"};
  return names;
}

Names family(const std::string& name) {
  if (name == "models") return entries_of(model_registry());
  if (name == "samplers") return entries_of(sampler_registry());
  if (name == "estimators") return entries_of(estimator_registry());
  if (name == "metrics") return metrics();
  if (name == "protocols") return list_protocols();
  if (name == "datasets") return datasets();
  fail(ErrorCode::usage, "\"{}\" can't be listed{}", name, suggestion(name, families()));
}

int print_family(const std::string& name, bool json) {
  const Names names = family(name);
  if (json) {
    Json out = Json::array();
    for (const auto& [key, summary] : names) out.push_back({{"name", key}, {"summary", summary}});
    print_answer(out.dump(2));
    return 0;
  }
  std::size_t width = 0;
  for (const auto& [key, summary] : names) width = std::max(width, key.size());
  std::string text;
  for (const auto& [key, summary] : names)
    text += summary.empty() ? key + "\n" : fmt::format("{:<{}}  {}\n", key, width, summary);
  print_answer(text);
  return 0;
}

}  // namespace

void add_list_command(CLI::App& app, Action& action) {
  struct Arguments {
    std::string family;
    bool json = false;
  };
  auto args = std::make_shared<Arguments>();
  auto* command = add_command(app, "list", "Name what can be put into a config.", "alea list estimators");
  command->add_option("FAMILY", args->family, "models, samplers, estimators, metrics, protocols or datasets")->required();
  command->add_flag("--json", args->json, "Print JSON");
  command->callback([args, &action] { action = [args] { return print_family(args->family, args->json); }; });
}

}  // namespace alea
