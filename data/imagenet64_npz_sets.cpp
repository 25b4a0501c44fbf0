#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "data/dataset.h"
#include "data/dataset_files.h"
#include "data/image_array.h"
#include "data/image_views.h"
#include "formats/npy.h"

namespace alea {
namespace {

namespace fs = std::filesystem;

constexpr ArrayExtent kExtent{64, 64, 3, true};

/// Place among the sorted ids of WordNet of each class of the devkit, whose order these files number from 1.
std::vector<std::uint32_t> ranks_of(const Json& manifest) {
  const auto order = manifest.at("devkit_order").get<std::vector<std::string>>();
  auto sorted = order;
  std::ranges::sort(sorted);
  std::vector<std::uint32_t> ranks;
  for (const auto& id : order) ranks.push_back(static_cast<std::uint32_t>(std::ranges::lower_bound(sorted, id) - sorted.begin()));
  return ranks;
}

LazyPart part_of(const fs::path& path) {
  const NpzFile file(path);
  const NpyHeader header = file.header("data");
  if (header.dtype != DType::u8 || header.shape.size() != 2 || header.shape[1] != kExtent.bytes())
    fail(ErrorCode::data, "{}: array data: expected U8 [n, {}], found {} [{}]", path.string(), kExtent.bytes(),
         dtype_name(header.dtype), fmt::join(header.shape, ", "));
  return {path.string(), header.shape[0], [file]() -> ArrayPart {
            const auto array = std::make_shared<const NpyArray>(file.read("data"));
            return {array, array->bytes};
          }};
}

ImageLabels labels_of(const std::vector<fs::path>& files, const std::vector<std::uint32_t>& ranks) {
  ImageLabels out{static_cast<std::uint32_t>(ranks.size()), {}};
  for (const auto& path : files) {
    const NpzFile file(path);
    const auto values = as_doubles(file.read("labels"));
    if (const auto n = file.header("data").shape[0]; values.size() != n)
      fail(ErrorCode::data, "{}: array labels: expected {} classes, found {}", path.string(), n, values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!(values[i] >= 1 && values[i] <= static_cast<double>(ranks.size())) || values[i] != std::floor(values[i]))
        fail(ErrorCode::data, "{}: labels[{}]: expected a class from 1 to {}, found {}", path.string(), i, ranks.size(),
             values[i]);
      out.of.push_back(ranks[static_cast<std::size_t>(values[i]) - 1]);
    }
  }
  return out;
}

std::unique_ptr<ImageSource> open_split(const Json& manifest, const std::string& split_name, const std::string& name,
                                        const SourceOptions& options) {
  const Json& split = manifest.at("splits").at(split_name);
  const auto batches = split.at("npz").get<std::vector<std::string>>();
  const auto below = [&](const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& batch : batches) files.push_back(folder / "npz64" / batch);
    return files;
  };
  const fs::path folder =
      find_set_folder(manifest, options, fmt::format("npz64/{}{} is", batches.front(), batches.size() > 1 ? ", ..." : ""),
                      [&](const fs::path& path) { return std::ranges::all_of(below(path), is_file); });
  const auto files = below(folder);
  std::vector<LazyPart> parts;
  for (const auto& file : files) parts.push_back(part_of(file));
  auto images = open_whole(name, split.at("count").get<std::uint64_t>(), options, [&](const SourceOptions& wanted) {
    return make_array_source(name, "downsampled imagenet npz", kExtent, parts, wanted);
  });
  return labelled_images(std::move(images), [files, ranks = ranks_of(manifest)] { return labels_of(files, ranks); });
}

}  // namespace

/// Downsampled ImageNet of 64x64 (arXiv:1707.08819) as image-net.org hands it out: .npz with planar rows "data" and "labels" from
/// 1 to 1000 in the devkit's order, which are turned into the order of WordNet ids.
std::vector<DatasetEntry> imagenet64_npz_sets(const Json& manifest) {
  if (manifest.value("kind", "") != "imagenet") return {};
  std::vector<DatasetEntry> out;
  for (const auto& item : manifest.at("splits").items()) {
    const std::string split = item.key(), name = manifest.at("name").get<std::string>() + "64-npz/" + split;
    out.push_back({name,
                   fmt::format("{} images, 64x64, 1000 classes; downsampled ImageNet's .npz",
                               item.value().at("count").get<std::uint64_t>()),
                   [=](const SourceOptions& options) { return open_split(manifest, split, name, options); }});
  }
  return out;
}

}  // namespace alea
