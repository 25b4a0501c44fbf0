#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "formats/png.h"

namespace alea {

/// Classes of a set's images, numbered from 0.
struct ImageLabels {
  std::uint32_t n_classes = 0;    ///< 0: the set has none
  std::vector<std::uint32_t> of;  ///< [n], each below n_classes
};

/// A set of images that is read one by one, 8-bit RGB, of one or of mixed sizes.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual std::uint64_t size() const = 0;
  virtual std::string name(std::uint64_t i) const = 0;  ///< path below the folder, or "file.npz[17]"
  /// Error{data} or Error{io} naming the image. May be called from several threads at once.
  virtual Picture read(std::uint64_t i) const = 0;
  /// sha256 of names and contents in order: what a cache is keyed by. May read everything once.
  virtual std::string digest() const = 0;
  /// {"kind": "folder", "n": 5000, "lossy": false, "extensions": {".png": 5000}, ...}: what a record says about it. May open
  /// every file once.
  virtual Json facts() const = 0;
  /// Of named sets in their published order; of a folder the rank of each image's first sub-folder among all of them, as
  /// torchvision's ImageFolder and guided-diffusion number classes; of CIFAR-10's batches their own. None elsewhere.
  virtual ImageLabels labels() const { return {}; }
};

struct SourceOptions {
  bool recursive = true;                    ///< of folders
  std::optional<std::uint64_t> limit = {};  ///< the first so many, in the source's order
  std::filesystem::path root = {};          ///< of a named set: folder of its files, instead of where they are looked for
  std::string array = {};  ///< of npz and HDF5: name of the array, where it isn't the only image array ("arr_0", "images")
};

/// By what is there: a folder of PNG and JPEG files (any case of extension, sorted by path below the folder, byte by byte); .npz
/// or .npy with uint8 [n, h, w, c] (c = 1 or 3) or ImageNet-64's planar "data" [n, 12288]; CIFAR-10's binary batches (a file, or
/// a folder with data_batch_1.bin to _5.bin or test_batch.bin); an alea run's folder or block file; any HDF5 file with a uint8
/// dataset [n, h, w, c] or [n, h, w]; "fashion-mnist/train" and the other names of `alea list datasets`. Error{io} when there is
/// nothing at that place, Error{data} naming expected and found, with the extensions seen for a folder without images.
std::unique_ptr<ImageSource> open_image_source(const std::string& what, const SourceOptions& options = {});

}  // namespace alea
