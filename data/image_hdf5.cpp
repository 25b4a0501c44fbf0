#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "data/image_array.h"
#include "data/image_files.h"
#include "formats/mapped_file.h"
#include "hdf5/hdf5.h"

namespace alea {
namespace {

namespace fs = std::filesystem;

/// HDF5 proper: a user block of 512, 1024, ... bytes may lie before its signature.
std::span<const std::byte> without_user_block(std::span<const std::byte> file, const std::string& source) {
  constexpr char kSignature[] = "\x89HDF\r\n\x1a\n";
  constexpr std::size_t kLength = sizeof(kSignature) - 1;
  for (std::size_t at = 0; at + kLength <= file.size(); at = at == 0 ? 512 : 2 * at)
    if (std::memcmp(file.data() + at, kSignature, kLength) == 0) return file.subspan(at);
  fail(ErrorCode::data, "{}: expected an HDF5 file, found no signature", source);
}

ArrayExtent extent_of(const Array& array, const std::string& source) {
  const auto& shape = array.shape;
  const auto side = [&](std::size_t axis) { return static_cast<int>(std::min<std::uint64_t>(shape[axis], 1 << 20)); };
  if (array.dtype == DType::u8 && shape.size() == 4 && (shape[3] == 1 || shape[3] == 3)) return {side(1), side(2), side(3)};
  if (array.dtype == DType::u8 && shape.size() == 3) return {side(1), side(2), 1};
  fail(ErrorCode::data, "{}: expected U8 [n, height, width, 1 or 3], found {} [{}]", source, dtype_name(array.dtype),
       fmt::join(shape, ", "));
}

Array read_array(const fs::path& path, const std::string& name) {
  const MappedFile file(path);
  return read_hdf5_image(without_user_block(file.bytes(), path.string()), path.string(), name).arrays.at(name);
}

/// The only dataset of images, "images" where there are several.
std::string image_dataset(const fs::path& path) {
  const MappedFile file(path);
  const auto content = read_hdf5_image(without_user_block(file.bytes(), path.string()), path.string());
  std::vector<std::string> names, candidates;
  for (const auto& [name, array] : content.arrays) {
    names.push_back(name);
    if (array.dtype == DType::u8 && array.shape.size() >= 3) candidates.push_back(name);
  }
  if (candidates.size() == 1) return candidates.front();
  if (std::ranges::find(candidates, "images") != candidates.end()) return "images";
  fail(ErrorCode::data,
       "{}: expected one dataset of images (U8 [n, height, width, channels]), found {} among {}; name it with --array",
       path.string(), candidates.size(), fmt::join(names, ", "));
}

LazyPart lazy_part(const fs::path& path, const std::string& dataset, std::uint64_t count) {
  return {path.string(), count, [path, dataset]() -> ArrayPart {
            const auto array = std::make_shared<const Array>(read_array(path, dataset));
            return {array, array->bytes};
          }};
}

}  // namespace

std::unique_ptr<ImageSource> open_hdf5_images(const fs::path& path, const SourceOptions& options) {
  const std::string name = options.array.empty() ? image_dataset(path) : options.array;
  const Array array = read_array(path, name);
  return make_array_source(path.string(), "hdf5", extent_of(array, path.string() + ": dataset " + name),
                           {lazy_part(path, name, array.shape.at(0))}, options);
}

std::unique_ptr<ImageSource> open_run_images(const fs::path& folder, const SourceOptions& options) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder / "blocks"))
    if (entry.path().extension() == ".h5") files.push_back(entry.path());
  if (files.empty()) fail(ErrorCode::data, "{}: a run without blocks; make them with `alea run`", folder.string());
  std::ranges::sort(files);
  std::vector<LazyPart> parts;
  for (const auto& file : files) parts.push_back(lazy_part(file, "images", read_array(file, "ids").elements()));
  return make_array_source(folder.string(), "run",
                           extent_of(read_array(files.front(), "images"), files.front().string() + ": dataset images"),
                           std::move(parts), options);
}

}  // namespace alea
