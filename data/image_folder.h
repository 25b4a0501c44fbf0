#pragma once

#include <filesystem>
#include <memory>

#include "data/image_source.h"

namespace alea {

/// PNG and JPEG files of a folder, by extension in any case, sorted by path below it. Error{data} naming the extensions seen
/// where there are none.
std::unique_ptr<ImageSource> open_image_folder(const std::filesystem::path& folder, const SourceOptions& options);

}  // namespace alea
