#include "run/measure_sets.h"

#include <algorithm>
#include <optional>

#include "core/log.h"
#include "core/provenance.h"
#include "data/statistics_file.h"
#include "protocols/set_metrics.h"
#include "run/set_network.h"
#include "run/statistics.h"
#include "run/threads.h"

namespace alea {
namespace {

constexpr int kVersion = 1;  // of the protocol "metrics"

/// One side, encoded or read from a statistics file.
struct Side {
  std::string what;
  std::optional<StatisticsFile> statistics;
  std::optional<EncodedSet> encoded, manifold;
  Json facts;
};

Gaussian gaussian_of(const MeanCovariance& moments, std::uint64_t n) { return {moments.mean, moments.covariance, n}; }

void check_fingerprint(const StatisticsFile& statistics, const std::string& what, const SetNetwork& network) {
  const std::string theirs = statistics.facts.value("fingerprint", "");
  if (theirs.empty()) {
    log_warning("{}: the file doesn't say with which weights and resize its statistics were made; that is taken on trust", what);
    return;
  }
  if (theirs != network.fingerprint)
    fail(ErrorCode::not_comparable,
         "{}: statistics of {}, but this call's features are {}; choose the same --protocol and --weights, or make the "
         "statistics again",
         what, statistics.facts.value("encoder", Json()).dump(), network.facts.dump());
}

/// Features of one place of the network are enough where the others serve no metric that is wanted.
EncodeOptions pool_alone(EncodeOptions options) {
  options.logits = options.spatial = false;
  return options;
}

/// ADM's reference files bring some of their images along: precision and recall are measured against those.
void encode_reference_images(Side& side, const MeasureRequest& request, const SetNetwork& network) {
  SourceOptions options = request.source;
  options.array = "arr_0";
  side.manifold = encode_images(*open_image_source(side.what, options), *network.network, pool_alone(request.encode));
  side.facts["images"] = side.manifold->facts;
}

Side statistics_side(const std::string& what, const MeasureRequest& request, const SetNetwork& network,
                     const SetNetwork* manifold) {
  Side side;
  side.what = what;
  side.statistics = load_statistics(what);
  check_fingerprint(*side.statistics, what, network);
  side.facts = {{"kind", "statistics"},
                {"layout", side.statistics->layout},
                {"n", side.statistics->n == 0 ? Json() : Json(side.statistics->n)},
                {"digest", side.statistics->sha256}};
  if (side.statistics->images > 0 && wants_metric(request.options, "prdc"))
    encode_reference_images(side, request, manifold != nullptr ? *manifold : network);
  return side;
}

void check_size(const EncodedSet& set, const std::string& what) {
  if (set.ids.size() < 2)
    fail(ErrorCode::data, "{}: {} usable images, expected at least 2: one image has no covariance", what, set.ids.size());
}

enum class Role { real, generated };

/// Whether nothing that is wanted needs single features: distances of Gaussians of full rank, without an interval of the
/// generated side. What is skipped may leave half of the images.
bool are_moments_enough(Role role, std::uint64_t n, const SetMetricsOptions& options, const FeatureSpec& spec) {
  const bool rows = wants_metric(options, "kid") || wants_metric(options, "prdc") || names_metric(options, "fid_inf") ||
                    (role == Role::generated && (options.intervals || wants_metric(options, "is")));
  return !rows && n > 2 * static_cast<std::uint64_t>(std::max(spec.width, spec.spatial_width));
}

Side encoded_side(Role role, const std::string& what, const MeasureRequest& request, const SetNetwork& network,
                  const SetNetwork* manifold) {
  Side side;
  side.what = what;
  const auto source = open_image_source(what, request.source);
  log_info("{}: {} images", what, source->size());
  EncodeOptions options = request.encode;
  options.logits = role == Role::generated && wants_metric(request.options, "is");
  options.spatial = wants_metric(request.options, "sfid") || !request.statistics_out.empty();
  options.only_moments = are_moments_enough(role, source->size(), request.options, network.network->spec());
  const std::string digest = digest_of(*source, request.encode.on_error);
  side.encoded = encode_images(*source, digest, *network.network, options);
  check_size(*side.encoded, what);
  if (manifold != nullptr) side.manifold = encode_images(*source, digest, *manifold->network, pool_alone(request.encode));
  side.facts = side.encoded->facts;
  return side;
}

Side open_side(Role role, const std::string& what, const MeasureRequest& request, const SetNetwork& network,
               const SetNetwork* manifold) {
  if (is_statistics_file(what)) return statistics_side(what, request, network, manifold);
  return encoded_side(role, what, request, network, manifold);
}

std::optional<Gaussian> fit_of(const std::optional<RunningMoments>& moments) {
  return moments ? std::optional(moments->fit()) : std::nullopt;
}

SetFeatures features_of(const Side& side, bool own_manifold) {
  SetFeatures out;
  if (side.statistics) {
    out.pool_gaussian = gaussian_of(side.statistics->pool, side.statistics->n);
    if (side.statistics->spatial) out.spatial_gaussian = gaussian_of(*side.statistics->spatial, side.statistics->n);
    if (side.manifold) out.manifold = side.manifold->pool_view();
    return out;
  }
  out.pool_gaussian = fit_of(side.encoded->pool_moments);
  out.spatial_gaussian = fit_of(side.encoded->spatial_moments);
  out.pool = side.encoded->pool_view();
  out.spatial = side.encoded->spatial_view();
  out.logits = side.encoded->logits_view();
  out.ids = side.encoded->ids;
  if (!own_manifold) out.manifold = out.pool;
  if (side.manifold) out.manifold = side.manifold->pool_view();
  return out;
}

void write_statistics_of(const Side& side, const MeasureRequest& request, const SetNetwork& network) {
  if (!side.encoded) fail(ErrorCode::usage, "--stats-out: {} is a statistics file already", side.what);
  const StatisticsFile out = statistics_of(*side.encoded, network, request.options.protocol);
  write_statistics(request.statistics_out, out, request.replace);
  log_info("statistics of {} images: {}", out.n, request.statistics_out.string());
}

/// Rounding and JPEG move scores by more than models do.
void warn_of_unlike_codecs(const Side& real, const Side& generated) {
  const auto lossy = [](const Side& side) { return side.facts.value("lossy", Json()); };
  if (lossy(real).is_null() || lossy(generated).is_null() || lossy(real) == lossy(generated)) return;
  log_warning("{} is {}, {} is {}: part of the distance is the codec's", real.what, lossy(real) ? "lossy (JPEG)" : "lossless",
              generated.what, lossy(generated) ? "lossy (JPEG)" : "lossless");
}

/// The conventions alone: which file the weights lay in says nothing, their hash does.
Json conventions_json(const SetMetricsOptions& options) {
  Json out = to_json(options);
  for (const char* key : {"encoder", "manifold_encoder"})
    if (out[key].is_object()) {
      out[key].erase("weights");
      out[key].erase("sha256");
    }
  return out;
}

Record identify(const MeasureRequest& request, const SetNetwork& network, const SetNetwork* manifold) {
  Record record;
  const Json conventions = conventions_json(request.options);
  record.protocol = "metrics";
  record.protocol_version = kVersion;
  record.preset = request.options.protocol;
  record.config = {{"protocol", record.protocol}, {"name", "metrics"}, {"conventions", conventions}};
  record.model = Json::object();
  record.data = {{"features", network.facts}, {"fingerprint", network.fingerprint}};
  if (manifold != nullptr) record.data["manifold_features"] = manifold->facts;
  register_library_versions();
  record.provenance = provenance();
  return record;
}

void add_side(Record& record, const char* role, const Side& side) {
  record.data[role] = side.facts;
  record.config[role] = side.facts["digest"];
  for (const auto& message : side.encoded ? side.encoded->failures : std::vector<std::string>{})
    log_warning("left out: {}", message);
}

void hash_identity(Record& record, const Side& real) {
  record.config_sha256 = json_sha256(record.config);
  record.comparable_sha256 = json_sha256({{"protocol", record.protocol},
                                          {"version", kVersion},
                                          {"conventions", record.config["conventions"]},
                                          {"fingerprint", record.data["fingerprint"]},
                                          {"manifold_features", record.data.value("manifold_features", Json())},
                                          {"real", real.facts["digest"]}});
}

}  // namespace

Record measure_sets(const MeasureRequest& request) {
  const SetNetwork network = make_set_network(request.options.encoder);
  std::optional<SetNetwork> manifold;
  const auto& own = request.options.manifold_encoder;
  if (own && (names_metric(request.options, "prdc") || !own->weights.empty())) manifold = make_set_network(*own);
  const SetNetwork* manifold_network = manifold ? &*manifold : nullptr;

  Record record = identify(request, network, manifold_network);
  const Side real = open_side(Role::real, request.real, request, network, manifold_network);
  add_side(record, "real", real);
  if (!request.statistics_out.empty()) write_statistics_of(real, request, network);
  if (request.generated.empty()) {
    hash_identity(record, real);
    return record;
  }

  const Side generated = open_side(Role::generated, request.generated, request, network, manifold_network);
  add_side(record, "generated", generated);
  warn_of_unlike_codecs(real, generated);
  hash_identity(record, real);
  const MetricNames names{network.name, manifold ? manifold->name : network.name};
  record.metrics =
      set_metric_rows(request.options, names, features_of(real, own.has_value()), features_of(generated, own.has_value()));
  const auto n = generated.encoded ? generated.encoded->ids.size() : generated.statistics->n;
  const Json& planned = generated.facts["n"];  // null: a statistics file that doesn't say
  record.samples = {{"planned", planned.is_null() ? Json(n) : planned}, {"complete", n}};
  return record;
}

}  // namespace alea
