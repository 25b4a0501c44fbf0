#include "data/dataset_files.h"

#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "core/files.h"
#include "data/dataset.h"

namespace alea {
namespace {

std::vector<fs::path> search_folders(const Json& manifest, const fs::path& root) {
  if (!root.empty()) return {root};
  std::vector<fs::path> folders;
  const char* user = std::getenv("ALEA_DATA");
  if (user != nullptr && *user != '\0') folders.push_back(fs::path(user) / manifest.at("name").get<std::string>());
  for (const auto& folder : manifest.at("system_folders")) folders.emplace_back(folder.get<std::string>());
  return folders;
}

}  // namespace

bool is_file(const fs::path& path) {
  std::error_code unreadable;
  return fs::is_regular_file(path, unreadable);
}

bool is_folder(const fs::path& path) {
  std::error_code unreadable;
  return fs::is_directory(path, unreadable);
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

fs::path find_set_folder(const Json& manifest, const SourceOptions& options, const std::string& expected,
                         const std::function<bool(const fs::path&)>& holds) {
  std::string looked_at;
  for (const auto& folder : search_folders(manifest, options.root)) {
    if (holds(folder)) return folder;
    looked_at += "\n  " + folder.string();
  }
  if (looked_at.empty()) looked_at = "\n  none: ALEA_DATA isn't set";
  const auto name = manifest.at("name").get<std::string>();
  const std::string package = manifest.value("package", "");
  const std::string install = package.empty() ? "Put" : fmt::format("Install the Debian package {}, or put", package);
  fail(ErrorCode::io, "dataset {}: {} not in any of these folders:{}\n{} the files from {} into $ALEA_DATA/{}.", name, expected,
       looked_at, install, manifest.at("address").get<std::string>(), name);
}

std::unique_ptr<ImageSource> open_whole(const std::string& set, std::uint64_t count, const SourceOptions& options,
                                        const std::function<std::unique_ptr<ImageSource>(const SourceOptions&)>& open) {
  SourceOptions whole = options;
  whole.limit.reset();
  auto images = open(whole);
  if (images->size() != count)
    fail(ErrorCode::data, "dataset {}: expected {} images, found {} ({}, ...); name the folder itself to use other images", set,
         count, images->size(), images->name(0));
  return options.limit ? open(options) : std::move(images);
}

}  // namespace alea
