#pragma once

// The decoders behind decode_image; nothing for others.

#include <span>
#include <string>

#include "formats/image_decode.h"

namespace alea {

DecodedImage decode_foreign_png(std::span<const std::byte> file, const std::string& source);
DecodedImage decode_jpeg(std::span<const std::byte> file, const std::string& source);

}  // namespace alea
