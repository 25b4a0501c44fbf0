#include "data/dataset.h"

#include <tbb/parallel_for.h>

#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "core/share.h"
#include "data/dataset_files.h"
#include "data/image_views.h"

namespace alea {

#define ALEA_DATASET(file) std::vector<DatasetEntry> file##_sets(const Json& manifest);
#include "data/datasets.def"
#undef ALEA_DATASET

namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{8} << 30;

/// A manifest that lacks a key is a damaged file of alea's own share, not a bug.
template <class Function>
auto with_manifest_errors(Function function) {
  try {
    return function();
  } catch (const Json::exception& error) {
    fail(ErrorCode::data, "{}: a manifest is damaged: {}", (data_folder() / "manifests").string(), error.what());
  }
}

DatasetEntry guarded(DatasetEntry entry) {
  return {entry.name, entry.summary, [entry](const SourceOptions& options) {
            return named_images(with_manifest_errors([&] { return entry.open(options); }), entry.name);
          }};
}

/// RGB of all images, in order. Every one must have the first one's extent.
std::vector<std::uint8_t> read_pixels(const ImageSource& images, const ImageSet& set) {
  const std::size_t bytes = 3 * static_cast<std::size_t>(set.height) * set.width;
  if (set.n > kMostBytes / bytes)
    fail(ErrorCode::config, "{}: {} images of {} x {} are more than fit here (8 GiB)", set.name, set.n, set.height, set.width);
  std::vector<std::uint8_t> pixels(set.n * bytes);
  tbb::parallel_for(std::uint64_t{0}, set.n, [&](std::uint64_t i) {
    const Picture picture = images.read(i);
    if (picture.width != set.width || picture.height != set.height)
      fail(ErrorCode::data, "{}: expected {} x {} pixels (width x height) as the first image has, found {} x {}", images.name(i),
           set.width, set.height, picture.width, picture.height);
    std::ranges::copy(picture.pixels, pixels.begin() + static_cast<std::ptrdiff_t>(i * bytes));
  });
  return pixels;
}

bool is_grey(const std::vector<std::uint8_t>& rgb) {
  for (std::size_t i = 0; i < rgb.size(); i += 3)
    if (rgb[i] != rgb[i + 1] || rgb[i] != rgb[i + 2]) return false;
  return true;
}

ImageSet in_memory(const ImageSource& images, const std::string& name) {
  const Picture first = images.read(0);
  ImageSet set;
  set.name = name;
  set.n = images.size();
  set.channels = 3;
  set.height = first.height;
  set.width = first.width;
  set.pixels = read_pixels(images, set);
  if (is_grey(set.pixels)) {
    set.channels = 1;
    for (std::size_t i = 0; i < set.pixels.size() / 3; ++i) set.pixels[i] = set.pixels[3 * i];
    set.pixels.resize(set.pixels.size() / 3);
    set.pixels.shrink_to_fit();
  }
  ImageLabels labels = images.labels();
  set.n_classes = static_cast<int>(labels.n_classes);
  set.labels = std::move(labels.of);
  set.sha256 = sha256_hex(std::as_bytes(std::span(set.pixels)));
  return set;
}

}  // namespace

fs::path data_folder() { return share_folder(); }

std::vector<DatasetEntry> datasets() {
  return with_manifest_errors([] {
    std::vector<DatasetEntry> out;
    const auto add = [&](std::vector<DatasetEntry> entries) {
      for (auto& entry : entries) out.push_back(guarded(std::move(entry)));
    };
    const auto manifests = read_manifests();
#define ALEA_DATASET(file) \
  for (const Json& manifest : manifests) add(file##_sets(manifest));
#include "data/datasets.def"
#undef ALEA_DATASET
    return out;
  });
}

std::vector<std::string> dataset_names() {
  std::vector<std::string> names;
  for (const auto& entry : datasets()) names.push_back(entry.name);
  return names;
}

ImageSet load_dataset(const std::string& what, const fs::path& root) {
  const auto known = dataset_names();
  if (std::ranges::find(known, what) == known.end() && !fs::exists(what))
    fail(ErrorCode::config, "\"{}\" is not a known dataset, nor a file or folder{}", what, suggestion(what, known));
  return in_memory(*open_image_source(what, {.root = root}), what);
}

}  // namespace alea
