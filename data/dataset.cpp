#include "data/dataset.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/share.h"

namespace alea {
namespace {

std::optional<fs::path> folder_from_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return fs::path(value);
}

bool is_file(const fs::path& path) {
  std::error_code unreadable;
  return fs::is_regular_file(path, unreadable);
}

std::vector<Json> read_manifests() {
  const fs::path folder = data_folder() / "manifests";
  std::vector<fs::path> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  if (error)
    fail(ErrorCode::io, "{}: can't be listed: {}; set ALEA_SHARE to alea's data folder", folder.string(), error.message());
  std::sort(paths.begin(), paths.end());
  std::vector<Json> manifests;
  for (const auto& path : paths) manifests.push_back(read_json_file(path));
  return manifests;
}

std::vector<fs::path> search_folders(const Json& manifest, const fs::path& root) {
  if (!root.empty()) return {root};
  std::vector<fs::path> folders;
  if (const auto user = folder_from_environment("ALEA_DATA")) folders.push_back(*user / manifest.at("name").get<std::string>());
  for (const auto& folder : manifest.at("system_folders")) folders.emplace_back(folder.get<std::string>());
  return folders;
}

fs::path find_folder(const Json& manifest, const Json& split, const fs::path& root) {
  const auto images = split.at("images").at("file").get<std::string>();
  const auto labels = split.at("labels").at("file").get<std::string>();
  std::string looked_at;
  for (const auto& folder : search_folders(manifest, root)) {
    if (is_file(folder / images) && is_file(folder / labels)) return folder;
    looked_at += "\n  " + folder.string();
  }
  const auto name = manifest.at("name").get<std::string>();
  fail(ErrorCode::io,
       "dataset {}: {} and {} are not in any of these folders:{}\nInstall the Debian package {}, or put the files from {} into "
       "$ALEA_DATA/{}.",
       name, images, labels, looked_at, manifest.at("package").get<std::string>(), manifest.at("address").get<std::string>(),
       name);
}

IdxArray read_checked(const fs::path& folder, const Json& file, const std::vector<std::uint32_t>& shape) {
  const fs::path path = folder / file.at("file").get<std::string>();
  const Bytes bytes = read_file(path);
  const std::string found = sha256_hex(bytes);
  std::string expected;
  bool known = false;
  for (const auto& stored : file.at("stored")) {
    known = known || stored.at("sha256") == found;
    expected += fmt::format("{}{} ({} bytes, {})", expected.empty() ? "" : " or ", stored.at("sha256").get<std::string>(),
                            stored.at("size").get<std::uint64_t>(), stored.at("by").get<std::string>());
  }
  if (!known)
    fail(ErrorCode::data, "{}: expected sha256 {}, found {} ({} bytes); get the file again", path.string(), expected, found,
         bytes.size());
  IdxArray array = parse_idx(bytes, path.string());
  if (array.shape != shape)
    fail(ErrorCode::data, "{}: expected shape [{}], found [{}]", path.string(), fmt::join(shape, ", "),
         fmt::join(array.shape, ", "));
  return array;
}

void check_labels(const IdxArray& labels, int n_classes, const std::string& name) {
  for (std::size_t i = 0; i < labels.values.size(); ++i)
    if (labels.values[i] >= n_classes)
      fail(ErrorCode::data, "{}: label {}: expected a class below {}, found {}", name, i, n_classes, labels.values[i]);
}

ImageSet load_split(const Json& manifest, const std::string& split_name, const fs::path& root) {
  const Json& split = manifest.at("splits").at(split_name);
  ImageSet set;
  set.name = manifest.at("name").get<std::string>() + "/" + split_name;
  set.n = split.at("count").get<std::uint64_t>();
  set.channels = manifest.at("channels").get<int>();
  set.height = manifest.at("height").get<int>();
  set.width = manifest.at("width").get<int>();
  set.n_classes = static_cast<int>(manifest.at("classes").size());
  // The rank-3 files of this format hold one channel; their bytes are already [n, height, width, 1].
  if (set.channels != 1) fail(ErrorCode::data, "manifest of {}: an IDX set has 1 channel, found {}", set.name, set.channels);

  const fs::path folder = find_folder(manifest, split, root);
  const auto n = static_cast<std::uint32_t>(set.n);
  IdxArray labels = read_checked(folder, split.at("labels"), {n});
  check_labels(labels, set.n_classes, set.name);
  IdxArray images = read_checked(folder, split.at("images"),
                                 {n, static_cast<std::uint32_t>(set.height), static_cast<std::uint32_t>(set.width)});
  set.labels = std::move(labels.values);
  set.pixels = std::move(images.values);
  set.sha256 = sha256_hex(std::as_bytes(std::span(set.pixels)));
  return set;
}

std::vector<std::string> split_names(const Json& manifest) {
  std::vector<std::string> names;
  for (const auto& item : manifest.at("splits").items())
    names.push_back(manifest.at("name").get<std::string>() + "/" + item.key());
  return names;
}

/// A manifest that lacks a key is a damaged file of alea's own share, not a bug.
template <class Function>
auto with_manifest_errors(Function function) {
  try {
    return function();
  } catch (const Json::exception& error) {
    fail(ErrorCode::data, "{}: a manifest is damaged: {}", (data_folder() / "manifests").string(), error.what());
  }
}

}  // namespace

fs::path data_folder() { return share_folder(); }

std::vector<std::string> dataset_names() {
  return with_manifest_errors([] {
    std::vector<std::string> names;
    for (const auto& manifest : read_manifests())
      for (auto& name : split_names(manifest)) names.push_back(std::move(name));
    return names;
  });
}

ImageSet load_dataset(const std::string& name, const fs::path& root) {
  return with_manifest_errors([&] {
    std::vector<std::string> known;
    for (const auto& manifest : read_manifests())
      for (const auto& candidate : split_names(manifest)) {
        if (candidate == name) return load_split(manifest, name.substr(name.rfind('/') + 1), root);
        known.push_back(candidate);
      }
    fail(ErrorCode::config, "\"{}\" is not a known dataset{}", name, suggestion(name, known));
  });
}

}  // namespace alea
