#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/image_source.h"

namespace alea {


// One function a kind of file; open_image_source chooses.

std::unique_ptr<ImageSource> open_npz_images(const std::filesystem::path& path, const SourceOptions& options);
std::unique_ptr<ImageSource> open_hdf5_images(const std::filesystem::path& path, const SourceOptions& options);
/// blocks/NNNNNN.h5 of a run, a few in memory at a time, each held against its checksum. Error{io} names the first that is
/// missing.
std::unique_ptr<ImageSource> open_run_images(const std::filesystem::path& folder, const SourceOptions& options);
/// Binary batches of CIFAR-10 (www.cs.toronto.edu/~kriz/cifar.html): a label and 3072 planar bytes an image.
std::unique_ptr<ImageSource> open_cifar_images(const std::vector<std::filesystem::path>& batches, const std::string& what,
                                               const SourceOptions& options);

}  // namespace alea
