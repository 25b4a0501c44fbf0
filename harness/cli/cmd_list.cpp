#include <memory>

#include "cli/args.h"
#include "data/dataset.h"
#include "models/models.h"
#include "protocols/metric_catalogue.h"
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

Names named_datasets() {
  Names out;
  for (const auto& entry : datasets()) out.emplace_back(entry.name, entry.summary);
  return out;
}

const std::vector<std::string>& families() {
  static const std::vector<std::string> names = {"models", "samplers", "estimators", "metrics", "protocols", "datasets"};
  return names;
}

Names family(const std::string& name) {
  if (name == "models") return entries_of(model_registry());
  if (name == "samplers") return entries_of(sampler_registry());
  if (name == "estimators") return entries_of(estimator_registry());
  if (name == "metrics") return list_metrics();
  if (name == "protocols") return list_protocols();
  if (name == "datasets") return named_datasets();
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
