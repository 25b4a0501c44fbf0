#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/config.h"
#include "data/image_source.h"

namespace alea {

/// A split of a known data set: what a config may name wherever it wants real images.
struct DatasetEntry {
  std::string name;     ///< "fashion-mnist/train"
  std::string summary;  ///< "60000 images, 28x28, 10 classes: Fashion-MNIST (MIT)"
  /// Files are looked for in options.root where given, else in $ALEA_DATA/<set>, then in the manifest's system folders. Error{io}
  /// names every place looked at and where to get the set from; Error{data} for another hash or another number of images.
  std::function<std::unique_ptr<ImageSource>(const SourceOptions&)> open;
};

/// All of them, from datasets.def and data/manifests.
std::vector<DatasetEntry> datasets();
std::vector<std::string> dataset_names();

/// Images in memory: uint8, [n, height, width, channels], with labels where the set has them.
struct ImageSet {
  std::string name;  ///< "fashion-mnist/train"
  std::uint64_t n = 0;
  int channels = 0, height = 0, width = 0, n_classes = 0;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint32_t> labels;
  std::string sha256;  ///< of the pixels
  std::size_t image_bytes() const { return static_cast<std::size_t>(channels) * height * width; }
};

/// Reads what open_image_source takes, all of one extent, of one channel where every image is grey. `root` is where the files of
/// a named set lie. Error{config} for a name that is neither a set nor a path, or for more than 8 GiB of pixels; Error{data}
/// naming the first image of another extent; otherwise as open_image_source.
ImageSet load_dataset(const std::string& what, const std::filesystem::path& root = {});

/// data/ of the source tree or the installed prefix ($ALEA_SHARE overrides): manifests, embedded weights.
std::filesystem::path data_folder();

/// A gzip-compressed or plain IDX file of unsigned bytes (yann.lecun.com/exdb/mnist). Lengths are checked before memory is taken.
struct IdxArray {
  std::vector<std::uint32_t> shape;
  std::vector<std::uint8_t> values;
};
IdxArray read_idx(const std::filesystem::path& path);

/// The same on a file's bytes in memory; `source` is named in errors. Error{data} names offset, expected and found.
IdxArray parse_idx(std::span<const std::byte> file, const std::string& source);

}  // namespace alea
