#pragma once

#include <cstddef>
#include <span>

namespace alea {

/// The orientation (1 to 8) that an APP1 segment of a JPEG states, 0 where it states none or isn't sound EXIF.
int exif_orientation(std::span<const std::byte> segment);

}  // namespace alea
