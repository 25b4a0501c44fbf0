#include "protocols/reconstruction.h"

#include <algorithm>

#include "protocols/generation.h"
#include "protocols/protocol_entry.h"
#include "protocols/schema_of.h"

namespace alea {
namespace {

constexpr int kVersion = 1;
constexpr const char* kName = "reconstruction";

class Reconstruction final : public Protocol {
 public:
  Reconstruction(ReconstructionOptions options, Components components, int from_index)
      : options_(std::move(options)), components_(std::move(components)), plan_(make_plan(from_index)) {}

  const Plan& plan() const override { return plan_; }
  int version() const override { return kVersion; }

  ArrayMap score(const Store& store, Record& record) const override {
    return score_reconstruction(store, options_, components_, record);
  }

  Json comparable() const override {
    Json out = comparable_generation(kName, kVersion, options_, components_);
    out["dataset"] = options_.dataset;
    out["images"] = options_.images;
    out["from_index"] = plan_.from_index;
    out["channels"] = options_.channels;
    out["errors"] = options_.errors;
    out["conventions"] = options_.conventions;
    // Left out where they are as ever, so that records from before there was a choice compare with those of today.
    const Json as_ever = to_json(ReconstructionOptions{}), all = to_json(options_);
    for (const char* key : {"noise_level", "scale", "aggregate", "zero_images"})
      if (all.at(key) != as_ever.at(key)) out[key] = all.at(key);
    return out;
  }

 private:
  Plan make_plan(int from_index) const {
    return {.seed = options_.seed,
            .n_samples = options_.images,
            .block = options_.block,
            .micro_batch = options_.micro_batch,
            .model = components_.model,
            .sampler = components_.sampler,
            .estimators = components_.estimators,
            .maps = true,
            .dataset = options_.dataset,
            .from_index = from_index,
            .loop_index_noise = options_.noise_level == "loop_index"};
  }

  ReconstructionOptions options_;
  Components components_;
  Plan plan_;
};

void check_counts(const ReconstructionOptions& options, ConfigErrors& errors) {
  check_batches(options, errors);
  if (options.errors.empty()) errors.add("/errors", "needs one at least");
  if (options.conventions.empty()) errors.add("/conventions", "needs one at least");
}

/// The place of the first beginning that isn't noisier than wanted.
int beginning_at(const ReconstructionOptions& options, const Components& components, ConfigErrors& errors) {
  for (const BeginningInfo& beginning : components.beginnings)
    if (beginning.time <= options.noise_time) return beginning.index;
  errors.add("/noise_time", fmt::format("this sampler begins at no time below {} T but {} T; raise it or choose another sampler",
                                        options.noise_time, components.beginnings.back().time));
  return 0;
}

void check_windows(const Components& components, int from_index, ConfigErrors& errors) {
  for (std::size_t i = 0; i < components.estimator_infos.size(); ++i) {
    const auto& window = components.estimator_infos[i].window;
    if (!window.empty() && window.front() < from_index)
      errors.add("/estimators/" + std::to_string(i),
                 fmt::format("looks at solver index {}, but reconstruction begins at {}", window.front(), from_index));
  }
}

void check_rank_by(const ReconstructionOptions& options, const Components& components, ConfigErrors& errors) {
  const auto statistics = components.statistics();
  if (std::find(statistics.begin(), statistics.end(), options.rank_by) == statistics.end())
    errors.add("/rank_by",
               "\"" + options.rank_by + "\" is not a statistic of these estimators" + suggestion(options.rank_by, statistics));
}

ResolvedConfig resolve_reconstruction(const Json& config, ConfigErrors& errors) {
  const std::size_t before = errors.items().size();
  Json rest = config;
  rest.erase("protocol");
  ReconstructionOptions options = read_options<ReconstructionOptions>(rest, "", errors);
  check_counts(options, errors);
  if (!rest.contains("model") || !rest.contains("sampler") || !rest.contains("estimators")) return {};
  Components components = resolve_components(options.model, options.sampler, options.estimators, options.seed, errors);
  if (errors.items().size() != before) return {};
  const int from_index = beginning_at(options, components, errors);
  check_windows(components, from_index, errors);
  check_rank_by(options, components, errors);
  if (errors.items().size() != before) return {};
  const int forwards = components.base_nfe / components.n_steps;
  components.base_nfe -= from_index * forwards;
  options.model = components.model;
  options.sampler = components.sampler;
  options.estimators = components.estimators;
  ResolvedConfig out;
  out.config = to_json(options);
  leave_out_as_ever<ReconstructionOptions>(out.config, {"noise_level", "scale", "aggregate", "zero_images"});
  out.config["protocol"] = kName;
  out.protocol = std::make_unique<Reconstruction>(std::move(options), std::move(components), from_index);
  return out;
}

std::vector<std::pair<std::string, std::string>> reconstruction_metrics() {
  return {{"ause.<error>.<convention>", "area between the sparsification curve of /rank_by and the oracle's, mean over images"},
          {"aurg.<error>.<convention>", "area that /rank_by gains over chance, mean over images"},
          {"rmse", "of the reconstructions, mean over images, in a range of 1"},
          {"ause.<error>.<convention>.<statistic>", "the same for every statistic that has maps; random.map is a control"},
          {"aurg.<error>.<convention>.<statistic>", "the same for every statistic that has maps; random.map is a control"},
          {"ause.pooled.<error>.<convention>.<statistic>", "of all elements of all images together"},
          {"aurg.pooled.<error>.<convention>.<statistic>", "of all elements of all images together"},
          {"spearman.<statistic>", "rank correlation of error and map, mean over images"}};
}

Json reconstruction_schema() { return protocol_schema<ReconstructionOptions>(kName); }

}  // namespace

ProtocolEntry reconstruction_protocol() {
  return {kName, "noise real images half-way, denoise them, and see whether uncertainty knows where they differ (paper, Table 2)",
          resolve_reconstruction, reconstruction_schema, reconstruction_metrics()};
}

}  // namespace alea
