#include <algorithm>

#include "data/dataset.h"
#include "data/dataset_files.h"
#include "data/image_folder.h"
#include "data/image_views.h"

namespace alea {
namespace {

namespace fs = std::filesystem;

/// Ids of WordNet, sorted: a class's place among them is the label of torchvision's ImageFolder and of guided-diffusion.
std::vector<std::string> sorted_classes(const Json& manifest) {
  auto classes = manifest.at("devkit_order").get<std::vector<std::string>>();
  std::ranges::sort(classes);
  return classes;
}

std::unique_ptr<ImageSource> open_folder_of(const Json& manifest, const std::string& split, const std::string& name,
                                            const SourceOptions& options) {
  const auto classes = sorted_classes(manifest);
  const fs::path folder = find_set_folder(
      manifest, options, fmt::format("a folder {}/{} (one folder a class, named by WordNet id) is", split, classes[0]),
      [&](const fs::path& path) { return is_folder(path / split / classes[0]); });
  return open_whole(
      name, manifest.at("splits").at(split).at("count").get<std::uint64_t>(), options,
      [&](const SourceOptions& wanted) { return images_by_class(open_image_folder(folder / split, wanted), classes); });
}

DatasetEntry squared_entry(const Json& manifest, const std::string& split, int size, Squaring how) {
  const bool crop = how == Squaring::centre_crop;
  const std::string name = fmt::format("{}{}{}/{}", manifest.at("name").get<std::string>(), size, crop ? "" : "-box", split);
  return {
      name,
      fmt::format("{} images, {}x{}, 1000 classes; {}", manifest.at("splits").at(split).at("count").get<std::uint64_t>(), size,
                  size, crop ? "centre crop of guided-diffusion" : "squashed by PIL's box filter"),
      [=](const SourceOptions& options) { return squared_images(open_folder_of(manifest, split, name, options), size, how); }};
}

}  // namespace

/// ILSVRC 2012 as folders of JPEG files, one a class, squared as they are read: imagenet64/train by guided-diffusion's centre
/// crop, imagenet64-box/train by squashing, and so on for each size of the manifest.
std::vector<DatasetEntry> imagenet_sets(const Json& manifest) {
  if (manifest.value("kind", "") != "imagenet") return {};
  std::vector<DatasetEntry> out;
  for (const auto& item : manifest.at("splits").items())
    for (const auto& size : manifest.at("sizes"))
      for (const Squaring how : {Squaring::centre_crop, Squaring::box_squash})
        out.push_back(squared_entry(manifest, item.key(), size.get<int>(), how));
  return out;
}

}  // namespace alea
