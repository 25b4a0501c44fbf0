#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/config.h"

namespace alea {

/// Images in memory: uint8, [n, height, width, channels], with labels where the set has them.
struct ImageSet {
  std::string name;  ///< "fashion-mnist/train"
  std::uint64_t n = 0;
  int channels = 0, height = 0, width = 0, n_classes = 0;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;
  std::string sha256;  ///< of the pixels
  std::size_t image_bytes() const { return static_cast<std::size_t>(channels) * height * width; }
};

/// Reads a named set and split: "fashion-mnist/train", "fashion-mnist/test". Files are looked for in `root` where given, else
/// in $ALEA_DATA/<name>, then in the manifest's system folders, and checked against the manifest's sha256.
/// Error{io} names every place looked at and the Debian package or address to get it from; Error{data} for another hash.
ImageSet load_dataset(const std::string& name, const std::filesystem::path& root = {});

/// Names that load_dataset knows, from data/manifests.
std::vector<std::string> dataset_names();

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
