#include <algorithm>
#include <set>

#include "core/error.h"
#include "protocols/cost_measure.h"
#include "protocols/protocol_entry.h"
#include "protocols/run_cost.h"
#include "protocols/schema_of.h"

namespace alea {
namespace {

constexpr int kVersion = 1;
constexpr const char* kName = "cost";
constexpr std::uint64_t kPaperImages = 128;
constexpr int kPaperSteps = 50;

std::vector<std::string> departures(const CostOptions& options, const std::vector<ArmCounts>& arms) {
  const Components& plain = arms.front().components;
  std::vector<std::string> out;
  if (plain.n_steps != kPaperSteps)
    out.push_back(fmt::format("The sampler takes {} steps; the paper takes {}.", plain.n_steps, kPaperSteps));
  if (options.images != kPaperImages)
    out.push_back(fmt::format("A generation has {} images; the paper's has {}.", options.images, kPaperImages));
  if (plain.flops.decoding > 0)
    out.push_back(
        "Both arms have the same sampler; the paper's plain arm of latent models has one of two evaluations a step (KDPM2).");
  out.push_back(
      fmt::format("Arms alternate in {} repeats after {} for warming up; the paper times one run of each, the estimate "
                  "first, without warming up.",
                  options.repeats, options.warm_up));
  out.push_back("Estimation's rows share network calls with the sampler's; the paper's code makes M calls of their own a step.");
  out.push_back("The network computes in float32; the paper's code in 16 bits where autocast says so.");
  out.push_back("Maps aren't kept in any arm, step scores are; the paper's code copies the maps.");
  return out;
}

std::vector<std::string> names_of(const std::vector<ArmCounts>& arms) {
  std::vector<std::string> out;
  for (const ArmCounts& arm : arms) out.push_back(arm.name);
  return out;
}

TimingPlan timing_of(const CostOptions& options, const std::vector<ArmCounts>& arms) {
  TimingPlan out{.images = options.images, .warm_up = options.warm_up, .arms = {}};
  for (const ArmCounts& arm : arms) out.arms.push_back({arm.name, arm.components.estimators});
  return out;
}

/// [repeats, arms], in the order of the record's arms.
Array table_of(const CostInput& input, std::vector<double> ArmTimes::*column) {
  std::vector<double> values;
  for (std::size_t repeat = 0; repeat < input.repeats; ++repeat)
    for (const ArmTimes& arm : input.arms) values.push_back((arm.*column)[repeat]);
  return make_array<double>(values, {input.repeats, input.arms.size()});
}

class Cost final : public Protocol {
 public:
  Cost(CostOptions options, std::vector<ArmCounts> arms) : options_(std::move(options)), arms_(std::move(arms)) {
    plan_ = {.seed = options_.seed,
             .start = options_.start,
             .n_samples = options_.repeats * arms_.size(),
             .block = 1,
             .micro_batch = options_.micro_batch,
             .model = arms_.front().components.model,
             .sampler = arms_.front().components.sampler,
             .estimators = Json::array(),
             .maps = false,
             .timing = timing_of(options_, arms_)};
  }

  const Plan& plan() const override { return plan_; }
  int version() const override { return kVersion; }

  ArrayMap score(const Store& store, Record& record) const override {
    const CostInput input = read_cost_input(store, names_of(arms_));
    record.samples = {{"planned", plan_.n_samples},
                      {"complete", store.n_samples()},
                      {"non_finite", input.non_finite},
                      {"non_finite_limit", options_.non_finite_limit}};
    record.cost = cost_of(arms_.front().components);
    for (const ArmCounts& arm : arms_) record.cost["arms"][arm.name] = cost_of(arm.components);
    record.departures = departures(options_, arms_);
    if (input.non_finite > options_.non_finite_limit)
      record.invalid_reasons.push_back(fmt::format("{} images of a generation aren't finite, more than the limit of {}",
                                                   input.non_finite, options_.non_finite_limit));
    record.metrics = cost_rows(input, arms_, options_.images, record.invalid_reasons);
    return {{"seconds", table_of(input, &ArmTimes::seconds)}, {"peak_memory", table_of(input, &ArmTimes::peak_memory)}};
  }

  Json comparable() const override {
    Json out = {{"protocol", kName},
                {"version", kVersion},
                {"preset", options_.preset},
                {"model", {{"kind", plan_.model.at("kind")}}},
                {"sampler", plan_.sampler},
                {"images", options_.images},
                {"micro_batch", options_.micro_batch},
                {"arms", Json::object()}};
    for (const ArmCounts& arm : arms_) out["arms"][arm.name] = arm.components.estimators;
    return out;
  }

 private:
  CostOptions options_;
  std::vector<ArmCounts> arms_;
  Plan plan_;
};

void check_arms(const CostOptions& options, ConfigErrors& errors) {
  if (options.images % std::max(options.micro_batch, 1u) != 0)
    errors.add("/micro_batch", fmt::format("{} must divide /images, which is {}: rows that only fill a call would be timed",
                                           options.micro_batch, options.images));
  if (options.arms.empty()) errors.add("/arms", "needs at least one arm; plain sampling is always timed beside it");
  std::set<std::string> taken{kPlainArm, kControlArm};
  for (std::size_t i = 0; i < options.arms.size(); ++i) {
    const auto& [name, estimators, published] = options.arms[i];
    const std::string pointer = fmt::format("/arms/{}", i);
    if (name.empty() || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") != std::string::npos)
      errors.add(pointer + "/name", "\"" + name + "\" must be small letters, digits, dots, underscores and dashes");
    if (!taken.insert(name).second)
      errors.add(pointer + "/name", "\"" + name + "\" is another arm's name; plain and control are always there");
    if (!published.empty() && published.size() != 2)
      errors.add(pointer + "/published_seconds",
                 fmt::format("needs two numbers, [plain, with estimation], found {}", published.size()));
  }
}

/// With the arm's own pointer before that of its estimators.
Components resolve_arm(const CostOptions& options, std::size_t index, ConfigErrors& errors) {
  ConfigErrors own;
  Components out = resolve_components(options.model, options.sampler, options.arms[index].estimators, options.seed, own);
  for (const auto& [pointer, message] : own.items()) errors.add(fmt::format("/arms/{}{}", index, pointer), message);
  return out;
}

/// Plain, the config's, control; estimators of `options` become the resolved ones.
std::vector<ArmCounts> resolve_arms(CostOptions& options, ConfigErrors& errors) {
  const std::size_t before = errors.items().size();
  const Components plain = resolve_model_and_sampler(options.model, options.sampler, options.seed, errors);
  if (errors.items().size() != before) return {};
  options.model = plain.model;
  options.sampler = plain.sampler;
  std::vector<ArmCounts> out{{kPlainArm, plain, {}}};
  for (std::size_t i = 0; i < options.arms.size(); ++i) {
    CostArmOptions& arm = options.arms[i];
    out.push_back({arm.name, resolve_arm(options, i, errors), arm.published_seconds});
    arm.estimators = out.back().components.estimators;
  }
  out.push_back({kControlArm, plain, {}});
  return out;
}

ResolvedConfig resolve_cost(const Json& config, ConfigErrors& errors) {
  Json rest = config;
  rest.erase("protocol");
  CostOptions options = read_options<CostOptions>(rest, "", errors);
  check_arms(options, errors);
  if (!rest.contains("model") || !rest.contains("sampler")) return {};
  std::vector<ArmCounts> arms = resolve_arms(options, errors);
  if (!errors.empty()) return {};
  ResolvedConfig out;
  out.config = to_json(options);
  out.config["protocol"] = kName;
  out.protocol = std::make_unique<Cost>(std::move(options), std::move(arms));
  return out;
}

std::vector<std::pair<std::string, std::string>> cost_metrics() {
  return {{"ratio.<arm>", "seconds of a generation over those of plain sampling in the same repeat, median"},
          {"ratio.control", "the same of plain sampling once more: what 1 looks like on this machine"},
          {"seconds.<arm>", "of one generation, median of the repeats"},
          {"images_per_second.<arm>", "median of the repeats"},
          {"nfe.<arm>", "network evaluations an image"},
          {"flops.<arm>", "floating-point operations an image, decoding with them"},
          {"peak_memory.<arm>", "resident memory of the process while it makes one generation"},
          {"device_memory.<arm>", "memory of the device that tensors take at once, not on the CPU"}};
}

Json cost_schema() {
  Json schema = protocol_schema<CostOptions>(kName);
  Json& estimators = schema["properties"]["arms"]["items"]["properties"]["estimators"];
  estimators = {
      {"type", "array"}, {"minItems", 1}, {"items", estimator_schema()}, {"description", estimators.value("description", "")}};
  return schema;
}

}  // namespace

ProtocolEntry cost_protocol() {
  return {kName, "seconds, memory and operations of sampling with and without estimation (paper, Tables 5 and 6)", resolve_cost,
          cost_schema, cost_metrics()};
}

}  // namespace alea
