#include "data/image_source.h"

#include <algorithm>

#include "core/error.h"
#include "data/dataset.h"
#include "data/image_array.h"
#include "data/image_files.h"
#include "data/image_folder.h"
#include "data/image_views.h"
#include "formats/checks.h"
#include "formats/image_decode.h"
#include "formats/mapped_file.h"
#include "hdf5/hdf5_file.h"

namespace alea {
namespace {

namespace fs = std::filesystem;

constexpr ArrayExtent kCifar{32, 32, 3, true, 1};
constexpr std::uint32_t kCifarClasses = 10;

ImageLabels labels_of(const std::vector<MappedFile>& batches) {
  ImageLabels out{kCifarClasses, {}};
  for (const auto& file : batches)
    for (std::size_t at = 0; at < file.bytes().size(); at += kCifar.bytes()) {
      out.of.push_back(std::to_integer<std::uint32_t>(file.bytes()[at]));
      if (out.of.back() >= kCifarClasses)
        fail(ErrorCode::data, "{}: byte {}: expected a class below {}, found {}", file.path().string(), at, kCifarClasses,
             out.of.back());
    }
  return out;
}

std::vector<fs::path> training_batches(const fs::path& folder) {
  std::vector<fs::path> batches;
  for (int k = 1; k <= 5; ++k) batches.push_back(folder / fmt::format("data_batch_{}.bin", k));
  return batches;
}

std::unique_ptr<ImageSource> open_folder(const fs::path& folder, const SourceOptions& options) {
  if (fs::is_directory(folder / "blocks") && fs::exists(folder / "manifest.json")) return open_run_images(folder, options);
  if (fs::exists(folder / "data_batch_1.bin")) return open_cifar_images(training_batches(folder), folder.string(), options);
  if (fs::exists(folder / "test_batch.bin")) return open_cifar_images({folder / "test_batch.bin"}, folder.string(), options);
  return open_image_folder(folder, options);
}

std::unique_ptr<ImageSource> open_file(const fs::path& path, const SourceOptions& options) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  if (begins_with(bytes, "PK") || begins_with(bytes, "\x93NUMPY")) return open_npz_images(path, options);
  if (is_hdf5(bytes) || begins_with(bytes, kBlockMagic)) return open_hdf5_images(path, options);
  if (path.extension() == ".bin" && !bytes.empty() && bytes.size() % kCifar.bytes() == 0)
    return open_cifar_images({path}, path.string(), options);
  const bool image = is_png(bytes) || is_jpeg(bytes);
  fail(ErrorCode::data, "{}: expected a folder of images, .npz, .npy, HDF5 or CIFAR-10's .bin, found {}", path.string(),
       image ? "a single image; give its folder" : "a file of another kind");
}

}  // namespace

std::unique_ptr<ImageSource> open_cifar_images(const std::vector<fs::path>& batches, const std::string& what,
                                               const SourceOptions& options) {
  std::vector<LazyPart> parts;
  std::vector<MappedFile> files;
  for (const auto& path : batches) {
    const MappedFile& file = files.emplace_back(path);
    const std::size_t bytes = file.bytes().size();
    if (bytes % kCifar.bytes() != 0)
      fail(ErrorCode::data, "{}: expected a multiple of {} bytes (a label and 32x32x3 pixels an image), found {}", path.string(),
           kCifar.bytes(), bytes);
    parts.push_back({path.string(), bytes / kCifar.bytes(), [file]() -> ArrayPart {
                       return {std::make_shared<MappedFile>(file), file.bytes()};
                     }});
  }
  return labelled_images(make_array_source(what, "cifar10 binary", kCifar, std::move(parts), options),
                         [files] { return labels_of(files); });
}

std::unique_ptr<ImageSource> open_image_source(const std::string& what, const SourceOptions& options) {
  if (fs::is_directory(what)) return open_folder(what, options);
  if (fs::exists(what)) return open_file(what, options);
  std::vector<std::string> known;
  for (const auto& entry : datasets()) {
    if (entry.name == what) return entry.open(options);
    known.push_back(entry.name);
  }
  fail(ErrorCode::io, "{}: no such file or folder, and no data set of that name{}", what, suggestion(what, known));
}

}  // namespace alea
