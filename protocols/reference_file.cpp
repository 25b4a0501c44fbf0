#include "protocols/reference_file.h"

#include "core/error.h"
#include "data/dataset.h"
#include "models/weights_file.h"

namespace alea {
namespace {

namespace fs = std::filesystem;

std::string how_to_make(const fs::path& path, const FeatureIdentity& features) {
  if (features.fingerprint.empty())
    return fmt::format("`alea stats build DATASET --network {} --out {}`", features.network, path.string());
  return fmt::format("`alea stats build DATASET --out {}`", path.string());
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

ReferenceStats load_reference(const std::string& name, const FeatureIdentity& features) {
  const fs::path path = reference_path(name);
  if (!fs::exists(path))
    fail(ErrorCode::io, "{}: /reference: no such file, neither below {} nor there; make it with {}", path.string(),
         data_folder().string(), how_to_make(path, features));
  ReferenceStats stats = load_reference_stats(path);
  if (stats.network != features.network || stats.network_sha256 != features.network_sha256 ||
      (!features.fingerprint.empty() && stats.fingerprint != features.fingerprint))
    fail(ErrorCode::not_comparable,
         "{}: statistics of features of {}, but this run's are of {}; set /reference or /features, or make them again with {}",
         path.string(), described(stats.network, stats.network_sha256, stats.fingerprint),
         described(features.network, features.network_sha256, features.fingerprint), how_to_make(path, features));
  return stats;
}

FrechetReference stored_reference(const std::string& name, const std::string& network, Record& record) {
  const Json features = record.data.value("features", Json::object());
  const auto text = [&](const char* key) {
    return features.contains(key) && features[key].is_string() ? features[key].get<std::string>() : "";
  };
  ReferenceStats stats = load_reference(name, {network, text("network_sha256"), text("fingerprint")});
  record.data["reference"] = {
      {"statistics", name}, {"set", stats.set}, {"set_sha256", stats.set_sha256}, {"n", stats.n}, {"sha256", stats.sha256}};
  return FrechetReference({std::move(stats.mean), std::move(stats.covariance), stats.n});
}

}  // namespace alea
