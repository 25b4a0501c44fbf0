#include "run/runner.h"

#include <algorithm>
#include <numeric>

#include "core/files.h"
#include "core/log.h"
#include "core/provenance.h"
#include "protocols/array_names.h"
#include "protocols/precision_validation.h"
#include "protocols/presets.h"
#include "protocols/real_features.h"
#include "results/gallery.h"
#include "run/features.h"
#include "run/ledger.h"
#include "run/numerics.h"
#include "run/originals.h"
#include "run/real_features.h"
#include "run/realism.h"
#include "run/reference.h"
#include "run/sample_block.h"
#include "run/session_cost.h"
#include "run/signals.h"
#include "run/threads.h"
#include "store/store.h"

namespace alea {

namespace {

using array_names::kBlocks;
constexpr const char* kLimitKey = "limit";

/// One call of carry_out.
struct Run {
  const Protocol& protocol;
  const Plan& plan;
  const RunOptions& options;
  const Store& store;
  BlockMaker& sampler;
  const std::optional<FeatureExtractor>& extractor;
  LedgerSession& session;
  const Json& precision;  ///< allowed_precision

  std::string feature_kind() const { return array_names::features_kind(plan.feature_network); }
  std::vector<std::string> kinds() const {
    std::vector<std::string> out{kBlocks};
    if (!plan.feature_network.empty()) out.push_back(feature_kind());
    if (plan.realism) out.push_back(array_names::realism_kind(plan.realism->network));
    return out;
  }
  bool is_timed() const { return plan.timing.has_value(); }
  std::vector<BlockRange> own_blocks() const { return shard_of(store.blocks(), options.shard, options.n_shards); }
};

bool is_limited(const Plan& plan, const RunOptions& options) { return options.limit && *options.limit < plan.n_samples; }

std::vector<BlockRange> missing_blocks(const Store& store, const std::string& kind, const std::vector<BlockRange>& blocks) {
  std::vector<BlockRange> out;
  std::ranges::copy_if(blocks, std::back_inserter(out), [&](const BlockRange& range) { return !store.has_block(kind, range); });
  return out;
}

std::uint64_t images_of(const std::vector<BlockRange>& blocks) {
  return std::accumulate(blocks.begin(), blocks.end(), std::uint64_t{0},
                         [](auto sum, const BlockRange& b) { return sum + b.count; });
}

void generate(Run& run) {
  const auto own = run.own_blocks();
  const auto missing = missing_blocks(run.store, kBlocks, own);
  if (missing.empty()) return;
  claim_numerics(run.store.folder(), numerics_of(run.options.device));
  const LedgerSession::Stage stage(run.session, "generate");
  Progress progress("generate", run.is_timed() ? "measurements" : "images", images_of(own), images_of(own) - images_of(missing));
  for (const auto& range : missing) {
    throw_if_stopped();
    std::uint32_t done = 0;
    const auto arrays = run.sampler.sample(range, [&](std::uint32_t n) {
      progress.add(n);
      run.session.add_images(run.is_timed() ? n * run.plan.timing->images : n);
      done += n;
      if (done < range.count) throw_if_stopped();
    });
    run.store.put_block(kBlocks, range, arrays);
    log_debug("block {} of {} written", range.index + 1, run.store.blocks().size());
  }
}

void extract_features(Run& run, const std::vector<BlockRange>& blocks) {
  if (!run.extractor) return;
  const auto missing = missing_blocks(run.store, run.feature_kind(), blocks);
  if (missing.empty()) return;
  const LedgerSession::Stage stage(run.session, "features");
  Progress progress("features", "images", images_of(missing));
  for (const auto& range : missing) {
    throw_if_stopped();
    const auto arrays = feature_block(*run.extractor, run.plan, run.store.n_samples(), run.store.get_block(kBlocks, range),
                                      run.plan.arm_of(range.first));
    run.store.put_block(run.feature_kind(), range, arrays);
    progress.add(range.count);
  }
}

void score_realism(Run& run, const std::vector<BlockRange>& blocks) {
  if (!run.plan.realism) return;
  const auto missing = missing_blocks(run.store, array_names::realism_kind(run.plan.realism->network), blocks);
  if (missing.empty()) return;
  throw_if_stopped();
  const LedgerSession::Stage stage(run.session, "realism");
  RealismScorer(*run.plan.realism, run.sampler.facts().image).score(run.store, missing);
}

Json model_facts(const Run& run) {
  const auto& facts = run.sampler.facts();
  Json out = {{"kind", facts.model_kind},
              {"weights_sha256", facts.weights_sha256.empty() ? Json() : Json(facts.weights_sha256)},
              {"n_parameters", facts.n_parameters},
              {"manifest", run.plan.model.contains("manifest") ? run.plan.model["manifest"] : Json()},
              {"precision", run.plan.precision}};
  if (!run.precision.empty()) out["precision_validation"] = run.precision;
  return out;
}

Json sample_facts(const Run& run) {
  const Array finite = run.store.gather(kBlocks, array_names::kFinite);
  const auto values = finite.as<std::uint8_t>();
  const auto n_finite = static_cast<std::uint64_t>(std::ranges::count(values, 1));
  return {{"planned", run.plan.n_samples}, {"complete", values.size()}, {"non_finite", values.size() - n_finite}};
}

Json feature_facts(const FeatureFacts& facts) {
  Json out{{"network", facts.network},
           {"network_sha256", facts.network_sha256.empty() ? Json() : Json(facts.network_sha256)},
           {"width", facts.width}};
  if (!facts.fingerprint.empty()) out["fingerprint"] = facts.fingerprint;
  return out;
}

Record identify(const Run& run) {
  Record record;
  record.config = run.store.config();
  record.config_sha256 = run.store.config_sha256();
  Json comparable = run.protocol.comparable();
  record.protocol = record.config.value("protocol", "");
  record.protocol_version = run.protocol.version();
  record.preset = record.config.value("preset", "");
  record.model = model_facts(run);
  record.data = Json::object();
  if (run.extractor) record.data["features"] = feature_facts(run.extractor->facts());
  if (!run.plan.dataset.empty()) {
    const std::string sha256 = originals_sha256(run.store);
    record.data["dataset"] = {{"name", run.plan.dataset}, {"n", run.plan.n_samples}, {"sha256", sha256}};
    comparable["dataset_sha256"] = sha256;
  }
  record.comparable_sha256 = json_sha256(comparable);
  register_library_versions();
  record.provenance = provenance();
  record.provenance["numerics"] = claimed_numerics(run.store.folder());
  record.samples = sample_facts(run);
  const auto& cost = run.sampler.facts();
  record.cost = {{"base", cost.base_nfe}, {"extra", cost.extra_nfe}, {"total", cost.total_nfe()}};
  if (cost.guide_nfe > 0) record.cost["guide"] = cost.guide_nfe;
  return record;
}

Json array_hashes(const Run& run) {
  Json out = Json::array();
  const auto add = [&](const fs::path& path) {
    out.push_back({{"file", fs::relative(path, run.store.folder()).generic_string()}, {"sha256", sha256_file(path)}});
  };
  for (const auto& kind : run.kinds())
    for (const auto& range : run.store.blocks()) add(run.store.block_path(kind, range));
  if (const fs::path real = run.store.folder() / kRealFeaturesFile; fs::exists(real)) add(real);
  add(run.store.folder() / "curves.h5");
  return out;
}

Record score(Run& run) {
  const LedgerSession::Stage stage(run.session, "score");
  Record record = identify(run);
  const ArrayMap curves = run.protocol.score(run.store, record);
  for (std::string& departure : preset_departures(record.config)) record.departures.push_back(std::move(departure));
  if (is_limited(run.plan, run.options))
    record.invalid_reasons.insert(record.invalid_reasons.begin(),
                                  fmt::format("limited to {} of {} samples", run.store.n_samples(), run.plan.n_samples));
  const auto& folder = run.store.folder();
  atomic_write(folder / "curves.h5", hdf5_image(curves, {{"config_sha256", record.config_sha256}}));
  if (curves.contains("gallery/least_images")) write_gallery(folder / "gallery.png", curves);
  record.arrays = array_hashes(run);
  write_record(folder / "record.json", record);
  return record;
}

std::uint64_t blocks_there(const Run& run) {
  std::uint64_t missing = 0;
  for (const auto& kind : run.kinds())
    missing = std::max<std::uint64_t>(missing, missing_blocks(run.store, kind, run.store.blocks()).size());
  return run.store.blocks().size() - missing;
}

/// Scoring wants the folder for itself: other shards may still be writing.
bool take_for_scoring(std::optional<FolderLock>& lock, const fs::path& folder) {
  lock.reset();
  try {
    lock.emplace(folder, FolderLock::Kind::exclusive);
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::io) throw;
    log_info("{}", error.what());
    return false;
  }
}

RunOutcome carry_out_stages(Run& run, std::optional<FolderLock>& lock, Stages stages) {
  if (stages != Stages::score) generate(run);
  const auto n_blocks = run.store.blocks().size();
  if (stages == Stages::score)
    if (const auto missing = missing_blocks(run.store, kBlocks, run.store.blocks()).size(); missing > 0)
      fail(ErrorCode::io, "{}: {} of {} blocks are missing; make them with `alea run` or `alea sample` and the same config",
           run.store.folder().string(), missing, n_blocks);
  const auto own = stages == Stages::score ? run.store.blocks() : run.own_blocks();
  extract_features(run, own);
  score_realism(run, own);
  if (stages == Stages::sample) return {std::nullopt, fmt::format("{} of {} blocks are there", blocks_there(run), n_blocks)};
  throw_if_stopped();
  if (run.options.n_shards > 1) {
    const std::string later = fmt::format("score with `alea score {}` when all shards have ended", run.store.folder().string());
    if (const auto there = blocks_there(run); there < n_blocks)
      return {std::nullopt, fmt::format("shard {}/{} is done, {} of {} blocks are there; {}", run.options.shard,
                                        run.options.n_shards, there, n_blocks, later)};
    if (!take_for_scoring(lock, run.store.folder())) return {std::nullopt, "other shards still hold the folder; " + later};
  }
  if (run.extractor && !run.plan.reference_images.empty()) {
    const LedgerSession::Stage stage(run.session, "reference");
    make_real_features(run.plan, *run.extractor, run.store.folder());
  }
  return {score(run), {}};
}

/// With its reference looked at, so that what is missing is said before the folder is made.
std::optional<FeatureExtractor> make_extractor(const ResolvedConfig& resolved, const ImageExtent& image) {
  const std::string& network = resolved.protocol->plan().feature_network;
  if (network.empty()) return std::nullopt;
  std::optional<FeatureExtractor> extractor(std::in_place, network, image);
  check_reference(resolved.config, extractor->facts());
  check_real_features(resolved.protocol->plan(), *extractor);
  return extractor;
}

void remove_temporaries(const fs::path& folder) {
  int removed = remove_stale_temporaries(folder);
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory()) removed += remove_stale_temporaries(entry.path());
  if (removed > 0) log_info("removed {} temporary files of a killed run", removed);
}

const char* stages_name(Stages stages) { return stages == Stages::sample ? "sample" : stages == Stages::score ? "score" : "run"; }

}  // namespace

RunOutcome carry_out(const ResolvedConfig& resolved, const RunOptions& options, Stages stages) {
  const Protocol& protocol = *resolved.protocol;
  const Plan& plan = protocol.plan();
  Json identity = resolved.config;
  if (is_limited(plan, options)) identity[kLimitKey] = *options.limit;
  const std::uint64_t n_samples = is_limited(plan, options) ? *options.limit : plan.n_samples;
  if (stages != Stages::sample) protocol.check_files();
  if (plan.timing && options.n_shards > 1)
    fail(ErrorCode::usage, "--shard {}/{}: measurements aren't shared out, since two processes would slow each other",
         options.shard, options.n_shards);
  const auto sampler = make_block_maker(plan, options.device);
  const Json precision = allowed_precision(resolved, sampler->facts().weights_sha256);
  const auto extractor = make_extractor(resolved, sampler->facts().image);
  if (plan.realism) RealismScorer(*plan.realism, sampler->facts().image);  // what is missing is said now

  const Store store = Store::open_or_create(options.folder, identity, n_samples, plan.block);
  std::optional<FolderLock> lock;
  lock.emplace(store.folder(), options.n_shards > 1 ? FolderLock::Kind::shared : FolderLock::Kind::exclusive);
  remove_temporaries(store.folder());

  LedgerSession session(stages_name(stages));
  Run run{protocol, plan, options, store, *sampler, extractor, session, precision};
  try {
    RunOutcome outcome = carry_out_stages(run, lock, stages);
    note_circumstances(session, *sampler, plan, options);
    append_to_ledger(store.folder(), session);
    return outcome;
  } catch (const Error& error) {
    note_circumstances(session, *sampler, plan, options);
    session.set("stopped_by", error.what());
    try {
      append_to_ledger(store.folder(), session);
    } catch (const Error& second) {
      log_warning("the ledger could not be written either: {}", second.what());
    }
    throw;
  }
}

StoredRun open_run(const fs::path& folder) {
  const Store store = Store::open(folder);
  Json config = store.config();
  RunOptions options;
  options.folder = folder;
  if (config.contains(kLimitKey)) options.limit = config[kLimitKey].get<std::uint64_t>();
  config.erase(kLimitKey);
  return {resolve_config(config, folder.string()), options};
}

}  // namespace alea
