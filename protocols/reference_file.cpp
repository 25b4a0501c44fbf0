#include "protocols/reference_file.h"

#include "core/error.h"
#include "data/dataset.h"
#include "data/statistics_file.h"
#include "models/weights_file.h"

namespace alea {
namespace {

namespace fs = std::filesystem;

std::string how_to_make(const fs::path& path, const FeatureIdentity& features) {
  if (features.fingerprint.empty())
    return fmt::format("`alea stats build --set SET --network {} --out {}`", features.network, path.string());
  return fmt::format("`alea metrics --real IMAGES --metrics fid --weights WEIGHTS --stats-out {}`", path.string());
}

std::string described(const std::string& network, const std::string& sha256, const std::string& fingerprint) {
  const std::string how = fingerprint.empty() ? "" : fmt::format(", fingerprint {:.12}", fingerprint);
  return fmt::format("{} (sha256 {:.12}{})", network, sha256.empty() ? "none" : sha256, how);
}

}  // namespace

fs::path reference_path(const std::string& name) {
  if (const fs::path own = data_folder() / name; fs::exists(own)) return own;  // an absolute name stays as it is
  return weights_folder() / name;
}

ReferenceStats load_reference(const std::string& name, const FeatureIdentity& features, const char* key) {
  const fs::path path = reference_path(name);
  if (!fs::exists(path))
    fail(ErrorCode::io, "{}: /{}: no such file, neither below {} nor there; make it with {}", path.string(), key,
         data_folder().string(), how_to_make(path, features));
  ReferenceStats stats = load_reference_stats(path);
  if (stats.network != features.network || stats.network_sha256 != features.network_sha256 ||
      stats.fingerprint != features.fingerprint)
    fail(ErrorCode::not_comparable,
         "{}: statistics of features of {}, but this run's are of {}; set /{} or /features, or make them again with {}",
         path.string(), described(stats.network, stats.network_sha256, stats.fingerprint),
         described(features.network, features.network_sha256, features.fingerprint), key, how_to_make(path, features));
  return stats;
}

FeatureIdentity feature_identity(const std::string& network, const Record& record) {
  const Json features = record.data.value("features", Json::object());
  const auto text = [&](const char* key) {
    return features.contains(key) && features[key].is_string() ? features[key].get<std::string>() : "";
  };
  return {network, text("network_sha256"), text("fingerprint")};
}

FrechetReference stored_reference(const std::string& name, const std::string& network, Record& record, const char* key) {
  ReferenceStats stats = load_reference(name, feature_identity(network, record), key);
  record.data[key] = {
      {"statistics", name}, {"set", stats.set}, {"set_sha256", stats.set_sha256}, {"n", stats.n}, {"sha256", stats.sha256}};
  return FrechetReference({std::move(stats.mean), std::move(stats.covariance), stats.n});
}

FrechetReference stored_spatial_reference(const std::string& name) {
  const fs::path path = reference_path(name);
  StatisticsFile file = load_statistics(path);
  if (!file.spatial)
    fail(ErrorCode::data,
         "{}: expected mu_s and sigma_s, found statistics without spatial features; make them again with `alea metrics --real "
         "IMAGES --metrics fid --weights WEIGHTS --stats-out {}`",
         path.string(), path.string());
  return FrechetReference({std::move(file.spatial->mean), std::move(file.spatial->covariance), file.n});
}

}  // namespace alea
