#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/ids.h"
#include "hdf5/hdf5_file.h"
#include "data/image_array.h"
#include "data/image_files.h"
#include "formats/checks.h"

namespace alea {
namespace {

namespace fs = std::filesystem;

ArrayExtent extent_of(const Array& array, const std::string& source) {
  if (const auto extent = interleaved_extent(array.dtype, array.shape)) return *extent;
  fail(ErrorCode::data, "{}: expected U8 [n, height, width, 1 or 3], found {} [{}]", source, dtype_name(array.dtype),
       fmt::join(array.shape, ", "));
}

Array read_array(const fs::path& path, const std::string& name) { return read_hdf5_file(path, name).arrays.at(name); }

/// The only dataset of images, "images" where there are several, with its name.
std::pair<std::string, Array> image_dataset(const fs::path& path) {
  auto content = read_hdf5_file(path);
  std::vector<std::string> names, candidates;
  for (const auto& [name, array] : content.arrays) {
    names.push_back(name);
    if (array.dtype == DType::u8 && array.shape.size() >= 3) candidates.push_back(name);
  }
  const bool named = std::ranges::find(candidates, "images") != candidates.end();
  if (candidates.size() != 1 && !named)
    fail(ErrorCode::data,
         "{}: expected one dataset of images (U8 [n, height, width, channels]), found {} among {}; name it with --array",
         path.string(), candidates.size(), fmt::join(names, ", "));
  const std::string name = candidates.size() == 1 ? candidates.front() : "images";
  return {name, std::move(content.arrays.at(name))};
}

/// Images of the extent that the set has, `count` of them.
Array read_images(const fs::path& path, const std::string& dataset, const ArrayExtent& extent, std::uint64_t count) {
  Array array = read_array(path, dataset);
  if (extent_of(array, path.string() + ": dataset " + dataset) != extent || array.shape[0] != count)
    fail(ErrorCode::data, "{}: dataset {}: expected [{}, {}, {}, {}], found [{}]", path.string(), dataset, count, extent.height,
         extent.width, extent.channels, fmt::join(array.shape, ", "));
  return array;
}

LazyPart lazy_part(const fs::path& path, const std::string& dataset, const ArrayExtent& extent, std::uint64_t count) {
  return {path.string(), count, [=]() -> ArrayPart {
            const auto array = std::make_shared<const Array>(read_images(path, dataset, extent, count));
            return {array, array->bytes};
          }};
}

std::vector<BlockRange> blocks_of_run(const fs::path& manifest_path) {
  const Json manifest = read_json_file(manifest_path);
  const auto number = [&](const char* key, std::uint64_t most) {
    const Json value = manifest.is_object() ? manifest.value(key, Json()) : Json();
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() < 1 || value.get<std::uint64_t>() > most)
      fail(ErrorCode::data, "{}: /{}: expected a number from 1 to {}, found {}", manifest_path.string(), key, most,
           in_quotes(value.dump()));
    return value.get<std::uint64_t>();
  };
  constexpr std::uint64_t kMostSamples = std::uint64_t{1} << 40, kMostBlocks = std::uint64_t{1} << 24;
  const std::uint64_t samples = number("n_samples", kMostSamples), block = number("block", UINT32_MAX);
  if (samples / block > kMostBlocks)
    fail(ErrorCode::data, "{}: expected at most {} blocks, found {} samples in blocks of {}", manifest_path.string(), kMostBlocks,
         samples, block);
  return blocks_of(samples, static_cast<std::uint32_t>(block));
}

}  // namespace

std::unique_ptr<ImageSource> open_hdf5_images(const fs::path& path, const SourceOptions& options) {
  auto [name, array] = options.array.empty() ? image_dataset(path) : std::pair(options.array, read_array(path, options.array));
  const ArrayExtent extent = extent_of(array, path.string() + ": dataset " + name);
  const auto held = std::make_shared<const Array>(std::move(array));
  return make_array_source(path.string(), "hdf5", extent,
                           {{path.string(), held->shape[0],
                             [held]() -> ArrayPart {
                               return {held, held->bytes};
                             }}},
                           options);
}

std::unique_ptr<ImageSource> open_run_images(const fs::path& folder, const SourceOptions& options) {
  const std::string name = options.array.empty() ? "images" : options.array;
  std::vector<LazyPart> parts;
  ArrayExtent extent;
  for (const auto& block : blocks_of_run(folder / "manifest.json")) {
    if (options.limit && block.first >= *options.limit) break;
    const fs::path path = folder / "blocks" / fmt::format("{:06}.h5", block.index);
    if (!fs::exists(path))
      fail(ErrorCode::io, "{}: no such block: the run isn't finished; go on with its command, or take fewer images with --limit",
           path.string());
    if (parts.empty()) extent = extent_of(read_array(path, name), path.string() + ": dataset " + name);
    parts.push_back(lazy_part(path, name, extent, block.count));
  }
  return make_array_source(folder.string(), "run", extent, std::move(parts), options);
}

}  // namespace alea
