#include <fmt/ranges.h>

#include "core/error.h"
#include "core/files.h"
#include "data/dataset.h"
#include "data/dataset_files.h"
#include "data/image_array.h"
#include "data/image_views.h"

namespace alea {
namespace {

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

ImageLabels labels_of(const IdxArray& labels, std::uint32_t n_classes, const std::string& name) {
  for (std::size_t i = 0; i < labels.values.size(); ++i)
    if (labels.values[i] >= n_classes)
      fail(ErrorCode::data, "{}: label {}: expected a class below {}, found {}", name, i, n_classes, labels.values[i]);
  return {n_classes, {labels.values.begin(), labels.values.end()}};
}

std::unique_ptr<ImageSource> open_split(const Json& manifest, const std::string& split_name, const SourceOptions& options) {
  const Json& split = manifest.at("splits").at(split_name);
  const std::string name = manifest.at("name").get<std::string>() + "/" + split_name;
  const int channels = manifest.at("channels").get<int>(), height = manifest.at("height").get<int>(),
            width = manifest.at("width").get<int>();
  // The rank-3 files of this format hold one channel; their bytes are already [n, height, width, 1].
  if (channels != 1) fail(ErrorCode::data, "manifest of {}: an IDX set has 1 channel, found {}", name, channels);
  const auto images_file = split.at("images").at("file").get<std::string>();
  const auto labels_file = split.at("labels").at("file").get<std::string>();
  const fs::path folder =
      find_set_folder(manifest, options, fmt::format("{} and {} are", images_file, labels_file),
                      [&](const fs::path& path) { return is_file(path / images_file) && is_file(path / labels_file); });
  const auto n = split.at("count").get<std::uint32_t>();
  const ImageLabels labels =
      labels_of(read_checked(folder, split.at("labels"), {n}), static_cast<std::uint32_t>(manifest.at("classes").size()), name);
  const auto images = std::make_shared<const IdxArray>(
      read_checked(folder, split.at("images"), {n, static_cast<std::uint32_t>(height), static_cast<std::uint32_t>(width)}));
  const auto load = [images]() -> ArrayPart { return {images, std::as_bytes(std::span(images->values))}; };
  return labelled_images(make_array_source(name, "data set", {height, width, channels}, {{name, n, load}}, options),
                         [labels] { return labels; });
}

}  // namespace

/// Two IDX files a split (yann.lecun.com/exdb/mnist), each of a size and sha256 that the manifest lists: a set of this kind needs
/// its manifest alone.
std::vector<DatasetEntry> idx_sets(const Json& manifest) {
  if (manifest.value("kind", "idx") != "idx") return {};
  std::vector<DatasetEntry> out;
  for (const auto& item : manifest.at("splits").items()) {
    const std::string split = item.key();
    out.push_back({manifest.at("name").get<std::string>() + "/" + split,
                   fmt::format("{} images, {}x{}, {} classes", item.value().value("count", 0), manifest.value("width", 0),
                               manifest.value("height", 0), manifest.value("classes", Json::array()).size()),
                   [manifest, split](const SourceOptions& options) { return open_split(manifest, split, options); }});
  }
  return out;
}

}  // namespace alea
