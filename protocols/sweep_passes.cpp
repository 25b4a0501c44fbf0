#include <algorithm>
#include <optional>

#include "core/error.h"
#include "protocols/distances.h"
#include "protocols/sweep.h"

namespace alea {

/// What a sweep over passes has beside the keys of filtering.
struct SweepPassesOptions {
  std::string over;
  std::vector<int> passes = {5, 10, 20};
};

template <>
struct Fields<SweepPassesOptions> {
  static auto table() {
    using O = SweepPassesOptions;
    return std::tuple{field("over", &O::over, "what is swept").one_of({"passes"}).required(),
                      field("passes", &O::passes,
                            "numbers of evaluations M, ascending: one run of the largest, whose first answers are the others'")
                          .range(2, 10000)};
  }
};

namespace {

constexpr int kVersion = 1;
constexpr const char* kOver = "passes";
constexpr const char* kFiltering = "filtering";

const ProtocolEntry& filtering() {
  for (const ProtocolEntry& entry : protocol_entries())
    if (entry.name == kFiltering) return entry;
  fail(ErrorCode::internal, "no protocol {}", kFiltering);
}

MetricRow* find_row(Record& record, const std::string& name) {
  for (MetricRow& row : record.metrics)
    if (row.name == name) return &row;
  return nullptr;
}

/// Of images kept by both masks, among those that one keeps.
double shared(const Array& mask, const Array& other) {
  std::size_t kept = 0, both = 0;
  for (std::size_t i = 0; i < mask.elements(); ++i) {
    kept += mask.as<std::uint8_t>()[i];
    both += mask.as<std::uint8_t>()[i] & other.as<std::uint8_t>()[i];
  }
  return static_cast<double>(both) / static_cast<double>(kept);
}

/// A filtering run whose headline is /rank_by at each M.
class SweepPasses final : public Protocol {
 public:
  SweepPasses(std::vector<int> passes, const Json& config, std::unique_ptr<Protocol> run)
      : passes_(std::move(passes)),
        rank_by_(config.at("rank_by")),
        side_(config.at("keep_side")),
        features_(config.at("features")),
        run_(std::move(run)) {}

  const Plan& plan() const override { return run_->plan(); }
  int version() const override { return kVersion; }
  void check_files() const override { run_->check_files(); }

  ArrayMap score(const Store& store, Record& record) const override {
    ArrayMap curves = run_->score(store, record);
    if (find_row(record, kept_row_of(passes_.back())) == nullptr) return curves;  // filtering has said why
    std::vector<MetricRow> rows = rows_by_passes(record);
    for (MetricRow& row : gains_by_passes(rows, curves)) rows.push_back(std::move(row));
    std::erase_if(record.metrics, [this](const MetricRow& row) { return is_headline_of_one(row.name); });
    record.metrics.insert(record.metrics.begin(), rows.begin(), rows.end());
    return curves;
  }

  Json comparable() const override {
    Json out = run_->comparable();
    out["protocol"] = kSweep;
    out["version"] = Json::array({kVersion, out.at("version")});
    out["over"] = kOver;
    out["passes"] = passes_;
    return out;
  }

 private:
  /// The statistic of the first M answers.
  std::string statistic_of(int passes) const {
    return passes == passes_.back() ? rank_by_ : fmt::format("{}.m{}", rank_by_, passes);
  }
  std::string kept_of(int passes) const { return fmt::format("kept.{}.{}", statistic_of(passes), side_); }
  std::string kept_row_of(int passes) const { return distance_name(features_, kept_of(passes)); }
  std::string name_of(int passes) const { return distance_name(features_, fmt::format("kept.m{}", passes)); }
  bool is_headline_of_one(const std::string& name) const {
    const std::string kept = distance_name(features_, "kept");
    return name == kept || name == "gain." + kept;
  }

  std::vector<MetricRow> rows_by_passes(Record& record) const {
    std::vector<MetricRow> out;
    for (const int passes : passes_) {
      const MetricRow* found = find_row(record, kept_row_of(passes));
      ALEA_CHECK(found != nullptr, "filtering has no row {}", kept_row_of(passes));
      MetricRow& row = out.emplace_back(*found);
      row.name = name_of(passes);
      row.details["group"] = "headline";
      row.details["passes"] = passes;
      row.details["note"] = fmt::format("{} of {} with M = {}", side_, rank_by_, passes);
    }
    return out;
  }

  /// Of every pair, paired: the images are the same, only the kept ones differ.
  std::vector<MetricRow> gains_by_passes(const std::vector<MetricRow>& kept, const ArrayMap& curves) const {
    std::vector<MetricRow> out;
    for (std::size_t more = 1; more < passes_.size(); ++more)
      for (std::size_t fewer = 0; fewer < more; ++fewer) {
        const auto distance = [&](std::size_t i) { return SubsetDistance{*kept[i].value, kept[i].leave_one_out}; };
        const auto mask = [&](std::size_t i) -> const Array& {
          return curves.at(fmt::format("kept/{}.{}", statistic_of(passes_[i]), side_));
        };
        MetricRow row = gain_row(fmt::format("gain.{}.over.m{}", name_of(passes_[more]), passes_[fewer]), distance(fewer),
                                 distance(more), kept[more].n);
        const double both = shared(mask(more), mask(fewer));
        row.details = {{"group", "headline"},
                       {"shared", both},
                       {"note", fmt::format("{:.1f}% of the kept images are the same", 100 * both)}};
        out.push_back(std::move(row));
      }
    return out;
  }

  std::vector<int> passes_;
  std::string rank_by_, side_, features_;
  std::unique_ptr<Protocol> run_;
};

SweepPassesOptions take_own(Json& config, ConfigErrors& errors) {
  Json own = Json::object();
  for (const std::string& name : field_names<SweepPassesOptions>()) {
    if (config.contains(name)) own[name] = config[name];
    config.erase(name);
  }
  SweepPassesOptions options = read_options<SweepPassesOptions>(own, "", errors);
  const auto& passes = options.passes;
  if (passes.size() < 2 || std::adjacent_find(passes.begin(), passes.end(), std::greater_equal<>()) != passes.end())
    errors.add("/passes", "needs two ascending numbers at least, such as [5, 10, 20]");
  return options;
}

/// The estimators that /rank_by is of, told to make the largest M and to keep the others: problems under their pointers.
void set_passes(Json& config, const std::vector<int>& passes, ConfigErrors& errors) {
  if (!config.contains("estimators") || !config["estimators"].is_array() || passes.empty()) return;
  const Json rank_by = config.value("rank_by", filtering().schema().at("properties").at("rank_by").at("default"));
  const std::string kind = rank_by.is_string() ? rank_by.get<std::string>().substr(0, rank_by.get<std::string>().find('.')) : "";
  const std::vector<int> prefixes(passes.begin(), passes.end() - 1);
  for (std::size_t i = 0; i < config["estimators"].size(); ++i) {
    Json& estimator = config["estimators"][i];
    if (!estimator.is_object() || estimator.value("kind", Json()) != kind) continue;
    for (const auto& [key, wanted] : {std::pair<const char*, Json>{"passes", passes.back()}, {"prefixes", prefixes}}) {
      if (estimator.contains(key) && estimator[key] != wanted)
        errors.add(fmt::format("/estimators/{}/{}", i, key),
                   fmt::format("is {}, but /passes makes it {}; leave it out", estimator[key].dump(), wanted.dump()));
      estimator[key] = wanted;
    }
  }
}

ResolvedConfig resolve_sweep_passes(const Json& config, ConfigErrors& errors) {
  Json rest = config;
  const SweepPassesOptions options = take_own(rest, errors);
  rest["protocol"] = kFiltering;
  if (!rest.contains("name")) rest["name"] = kSweep;
  set_passes(rest, options.passes, errors);
  ResolvedConfig out = filtering().resolve(rest, errors);
  if (!errors.empty()) return {};
  const std::string rank_by = out.config.at("rank_by");
  for (const int passes : options.passes)
    if (rank_by.ends_with(fmt::format(".m{}", passes)))
      errors.add("/rank_by",
                 fmt::format("\"{}\" is of one M; name the statistic alone, since all of /passes are judged", rank_by));
  if (!errors.empty()) return {};
  out.protocol = std::make_unique<SweepPasses>(options.passes, out.config, std::move(out.protocol));
  out.config["protocol"] = kSweep;
  out.config["over"] = kOver;
  out.config["passes"] = options.passes;
  return out;
}

/// That of filtering, with the keys that say what is swept.
Json sweep_passes_schema() {
  Json schema = filtering().schema();
  const Json own = json_schema<SweepPassesOptions>();
  schema["properties"].update(own.at("properties"));
  schema["properties"]["protocol"] = {{"enum", {kSweep}}};
  schema["required"].push_back("over");
  schema["title"] = "A sweep over passes";
  return schema;
}

}  // namespace

SweepKind sweep_over_passes() { return {kOver, resolve_sweep_passes, sweep_passes_schema}; }

}  // namespace alea
