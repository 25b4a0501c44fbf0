#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "hdf5/hdf5.h"

namespace alea {

inline constexpr std::string_view kBlockMagic = "ALEABLK1";  ///< a run's block file begins with it

/// With or without a user block in front.
bool is_hdf5(std::span<const std::byte> file);

/// A file's datasets, `only` that one where it is named. A run's block is held against the checksum in its user block first.
/// Error{io}, Error{data} as read_hdf5_image.
Hdf5Content read_hdf5_file(const std::filesystem::path& path, const std::string& only = "");

}  // namespace alea
