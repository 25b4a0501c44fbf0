#include "store/manifest.h"

#include <algorithm>
#include <limits>
#include <set>

#include "core/files.h"
#include "core/provenance.h"

namespace alea {
namespace {

constexpr const char* kSchema = "alea.store";
constexpr std::uint64_t kFormatVersion = 1;
constexpr std::size_t kShownCharacters = 120;

std::string shown(const Json& value) {
  std::string text = value.dump();
  if (text.size() <= kShownCharacters) return text;
  std::size_t end = kShownCharacters;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;  // not within a UTF-8 character
  return text.substr(0, end) + "...";
}

std::string escaped(const std::string& key) {
  std::string out;
  for (const char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

Difference object_difference(const Json& left, const Json& right, const std::string& pointer) {
  std::set<std::string> keys;
  for (const auto& [key, value] : left.items()) keys.insert(key);
  for (const auto& [key, value] : right.items()) keys.insert(key);
  for (const auto& key : keys) {
    const std::string here = pointer + "/" + escaped(key);
    if (!left.contains(key)) return {here, "absent", shown(right[key])};
    if (!right.contains(key)) return {here, shown(left[key]), "absent"};
    if (auto found = first_difference(left[key], right[key], here); !found.pointer.empty()) return found;
  }
  return {};
}

Difference array_difference(const Json& left, const Json& right, const std::string& pointer) {
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string here = pointer + "/" + std::to_string(i);
    if (i >= left.size()) return {here, "absent", shown(right[i])};
    if (i >= right.size()) return {here, shown(left[i]), "absent"};
    if (auto found = first_difference(left[i], right[i], here); !found.pointer.empty()) return found;
  }
  return {};
}

Json parse_manifest(const std::filesystem::path& path) {
  try {
    return parse_json(read_text_file(path), path.string());
  } catch (const Error& error) {
    if (error.code() != ErrorCode::config) throw;
    fail(ErrorCode::data, "{}; the manifest is damaged: restore it, or choose another --out", error.what());
  }
}

void check_version(const Json& manifest, const std::filesystem::path& path) {
  if (!manifest.is_object() || manifest.value("schema", Json()) != kSchema ||
      !manifest.value("format_version", Json()).is_number_unsigned())
    fail(ErrorCode::data,
         "{}: expected an object with \"schema\": \"{}\" and a \"format_version\"; it isn't the manifest of a run", path.string(),
         kSchema);
  const auto version = manifest["format_version"].get<std::uint64_t>();
  if (version > kFormatVersion)
    fail(ErrorCode::not_comparable,
         "{}: the folder has format version {}, this alea knows up to {}; use the alea that made it ({}) or choose another --out",
         path.string(), version, kFormatVersion, shown(manifest.value("created_by", Json("unknown"))));
}

void check_fields(const Json& manifest, const std::filesystem::path& path) {
  ConfigErrors errors;
  for (const char* name : {"block", "n_samples"})
    if (!manifest.contains(name) || !manifest[name].is_number_unsigned() || manifest[name] == 0 ||
        (name == std::string("block") && manifest[name] > std::numeric_limits<std::uint32_t>::max()))
      errors.add(std::string("/") + name, "expected a positive integer");
  if (!manifest.contains("config"))
    errors.add("/config", "is missing");
  else if (const auto sum = json_sha256(manifest["config"]); manifest.value("config_sha256", Json()) != sum)
    errors.add("/config_sha256", "the config's sha256 is " + sum + ", found " + shown(manifest.value("config_sha256", Json())));
  if (errors.empty()) return;
  const auto& [pointer, message] = errors.items().front();
  fail(ErrorCode::data, "{}: {}: {}; the manifest is damaged: restore it, or choose another --out", path.string(), pointer,
       message);
}

}  // namespace

Difference first_difference(const Json& left, const Json& right, const std::string& pointer) {
  if (left.is_object() && right.is_object()) return object_difference(left, right, pointer);
  if (left.is_array() && right.is_array()) return array_difference(left, right, pointer);
  if (left.dump() == right.dump()) return {};
  return {pointer.empty() ? "/" : pointer, shown(left), shown(right)};
}

Json make_manifest(const Json& config, std::uint64_t n_samples, std::uint32_t block) {
  ALEA_CHECK(n_samples > 0 && block > 0, "a run needs samples and a block size, not {} and {}", n_samples, block);
  return {{"schema", kSchema},
          {"format_version", kFormatVersion},
          {"config", config},
          {"config_sha256", json_sha256(config)},
          {"n_samples", n_samples},
          {"block", block},
          {"created_by", provenance()["alea"]}};
}

Json read_manifest(const std::filesystem::path& path) {
  Json manifest = parse_manifest(path);
  check_version(manifest, path);
  check_fields(manifest, path);
  return manifest;
}

void check_same_run(const Json& found, const Json& wanted, const std::filesystem::path& folder) {
  Difference difference = first_difference(found["config"], wanted["config"]);
  for (const std::string pointer : {"/n_samples", "/block"})
    if (difference.pointer.empty())
      difference = first_difference(found[Json::json_pointer(pointer)], wanted[Json::json_pointer(pointer)], pointer);
  if (difference.pointer.empty()) return;
  fail(ErrorCode::not_comparable,
       "{}: holds a run of another config: {} is {} there and {} here; choose another --out, or set {} back", folder.string(),
       difference.pointer, difference.left, difference.right, difference.pointer);
}

}  // namespace alea
