#include <algorithm>

#include "data/dataset.h"
#include "data/dataset_files.h"
#include "data/image_files.h"
#include "data/image_folder.h"
#include "data/image_views.h"

namespace alea {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> batches_of(const fs::path& folder, const Json& split) {
  std::vector<fs::path> paths;
  for (const auto& name : split.at("batches")) paths.push_back(folder / name.get<std::string>());
  return paths;
}

/// Where the batches of a split lie: the folder itself, or the one that the publisher's archive unpacks to. Empty: nowhere.
std::vector<fs::path> batches_below(const fs::path& folder, const Json& split) {
  for (const fs::path& place : {folder, folder / "cifar-10-batches-bin"})
    if (const auto paths = batches_of(place, split); std::ranges::all_of(paths, is_file)) return paths;
  return {};
}

std::unique_ptr<ImageSource> open_split(const Json& manifest, const std::string& split_name, const SourceOptions& options) {
  const Json& split = manifest.at("splits").at(split_name);
  const std::string name = manifest.at("name").get<std::string>() + "/" + split_name;
  const auto classes = manifest.at("classes").get<std::vector<std::string>>();
  const fs::path folder = find_set_folder(
      manifest, options,
      fmt::format("{} (or a folder {}/{}) is", split.at("batches").front().get<std::string>(), split_name, classes[0]),
      [&](const fs::path& path) { return !batches_below(path, split).empty() || is_folder(path / split_name / classes[0]); });
  return open_whole(name, split.at("count").get<std::uint64_t>(), options, [&](const SourceOptions& wanted) {
    if (const auto batches = batches_below(folder, split); !batches.empty()) return open_cifar_images(batches, name, wanted);
    return images_by_class(open_image_folder(folder / split_name, wanted), classes);
  });
}

}  // namespace

/// The publisher's binary batches, where they are there, else folders of PNG or JPEG, one a class. Classes are in alphabetical
/// order, which is that of the batches' labels.
std::vector<DatasetEntry> cifar10_sets(const Json& manifest) {
  if (manifest.value("kind", "") != "cifar10") return {};
  std::vector<DatasetEntry> out;
  for (const auto& item : manifest.at("splits").items()) {
    const std::string split = item.key();
    out.push_back({manifest.at("name").get<std::string>() + "/" + split,
                   fmt::format("{} images, 32x32, {} classes; binary batches or folders of images",
                               item.value().at("count").get<std::uint64_t>(), manifest.at("classes").size()),
                   [manifest, split](const SourceOptions& options) { return open_split(manifest, split, options); }});
  }
  return out;
}

}  // namespace alea
