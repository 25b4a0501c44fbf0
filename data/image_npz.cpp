#include <fmt/ranges.h>

#include "core/error.h"
#include "data/image_array.h"
#include "data/image_files.h"
#include "formats/npy.h"

namespace alea {
namespace {

/// [n, h, w, c] or [n, h, w]; ImageNet-64's "data" is [n, 3 h h], planar.
ArrayExtent extent_of(const NpyHeader& header, const std::string& name, const std::string& source) {
  const auto& shape = header.shape;
  if (const auto extent = interleaved_extent(header.dtype, shape)) return *extent;
  if (header.dtype == DType::u8 && shape.size() == 2 && name == "data")
    for (int h = 1; 3 * h * h <= static_cast<int>(std::min<std::uint64_t>(shape[1], 1 << 24)); ++h)
      if (static_cast<std::uint64_t>(3 * h * h) == shape[1]) return {h, h, 3, true};
  fail(ErrorCode::data, "{}: array {}: expected U8 [n, height, width, 1 or 3], found {} [{}]; convert images to 0..255 first",
       source, name, dtype_name(header.dtype), fmt::join(shape, ", "));
}

std::string image_array(const NpzFile& file, const SourceOptions& options, const std::string& source) {
  if (!options.array.empty()) return options.array;
  for (const char* name : {"arr_0", "images", "data", "samples"})
    if (file.contains(name)) return name;
  if (file.names().size() == 1) return file.names().front();
  fail(ErrorCode::data, "{}: expected an array arr_0, images, data or samples, found {}; name it with --array", source,
       fmt::join(file.names(), ", "));
}

}  // namespace

std::unique_ptr<ImageSource> open_npz_images(const std::filesystem::path& path, const SourceOptions& options) {
  const auto file = std::make_shared<const NpzFile>(path);
  const std::string name = image_array(*file, options, path.string());
  const NpyHeader& header = file->header(name);
  const ArrayExtent extent = extent_of(header, name, path.string());
  const auto load = [file, name]() -> ArrayPart {
    if (const auto bytes = file->mapped(name); !bytes.empty()) return {file, bytes};
    const auto array = std::make_shared<const NpyArray>(file->read(name));
    return {array, array->bytes};
  };
  return make_array_source(path.string(), "npz", extent, {{path.string(), header.shape[0], load}}, options);
}

}  // namespace alea
