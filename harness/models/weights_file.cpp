#include "models/weights_file.h"

#include <cstdlib>

#include "core/config.h"
#include "core/files.h"
#include "core/share.h"

namespace alea {
namespace {

constexpr std::size_t kHexDigits = 64;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The entry of `weights` in data/manifests/published.
Json published_file(const WeightsEntry& entry, const fs::path& manifest) {
  const fs::path path = share_folder() / "manifests" / "published" / (entry.published + ".json");
  if (!fs::exists(path))
    fail(ErrorCode::config, "{}: /published: no published network is called {}; `scripts/fetch --list` names all",
         manifest.string(), entry.published);
  const Json published = read_json_file(path);
  for (const Json& file : published.at("files"))
    if (file.at("name") == entry.weights) return file;
  fail(ErrorCode::config, "{}: /weights: {} lists no file {}", manifest.string(), path.string(), entry.weights);
}

Json feature_manifest(const std::string& network) {
  return read_json_file(share_folder() / "manifests" / "networks" / (network + ".json"));
}

std::string size_text(const Json& file) {
  const Json& bytes = file.at("size").is_null() ? file.at("about") : file.at("size");
  return bytes.is_null() ? "" : fmt::format(", about {:.2f} GB", bytes.get<double>() / 1e9);
}

/// As scripts/fetch notes it: a line of sha256sum.
std::string noted_sha256(const WeightsEntry& entry, const fs::path& path) {
  const fs::path note = path.string() + ".sha256";
  if (!fs::exists(note))
    fail(ErrorCode::io,
         "{}: its publisher states no sha256 and none is noted in {}: `scripts/fetch {}` notes that of the file which is there, "
         "and from then on it must hold",
         path.string(), note.filename().string(), entry.published);
  const std::string text = read_text_file(note), digits = text.substr(0, text.find_first_of(" \n"));
  if (digits.size() != kHexDigits || digits.find_first_not_of("0123456789abcdef") != std::string::npos)
    fail(ErrorCode::data, "{}: expected a line of sha256sum; delete it and run `scripts/fetch {}` to trust {} as it is",
         note.string(), entry.published, path.filename().string());
  return digits;
}

}  // namespace

fs::path weights_folder() {
  if (const auto chosen = environment("ALEA_WEIGHTS"); !chosen.empty()) return chosen;
  if (const auto data = environment("XDG_DATA_HOME"); !data.empty()) return fs::path(data) / "alea" / "weights";
  return fs::path(environment("HOME")) / ".local" / "share" / "alea" / "weights";
}

fs::path feature_weights_path(const std::string& network) {
  return weights_folder() / feature_manifest(network).at("file").get<std::string>();
}

std::string feature_weights_sha256(const std::string& network) { return feature_manifest(network).at("sha256"); }

std::string why_missing(const WeightsEntry& entry, const fs::path& manifest) {
  if (entry.published.empty()) return "";
  const Json file = published_file(entry, manifest);
  if (fs::exists(weights_folder() / entry.weights)) return "";
  return fmt::format("{}: {} isn't in {}: run `scripts/fetch {}` ({}{}), or set ALEA_WEIGHTS to the folder that holds it",
                     manifest.string(), entry.weights, weights_folder().string(), entry.published,
                     file.at("licence").get<std::string>(), size_text(file));
}

WeightsFile find_weights(const WeightsEntry& entry, const fs::path& manifest) {
  if (entry.published.empty() && entry.sha256.empty())
    fail(ErrorCode::config, "{}: /sha256: expected that of {}, found none (`sha256sum {}` prints it)", manifest.string(),
         entry.weights, entry.weights);
  if (entry.published.empty()) return {manifest.parent_path() / entry.weights, entry.sha256};
  if (const std::string why = why_missing(entry, manifest); !why.empty()) throw Error(ErrorCode::io, why);
  const fs::path path = weights_folder() / entry.weights;
  if (!entry.sha256.empty()) return {path, entry.sha256};
  const Json stated = published_file(entry, manifest).at("sha256");
  return {path, stated.is_string() ? stated.get<std::string>() : noted_sha256(entry, path)};
}

}  // namespace alea
