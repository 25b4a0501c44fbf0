#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "formats/png.h"

namespace alea {

/// A picture of a foreign file as 8-bit RGB, as PIL's convert("RGB") gives it where that is right, with what was done to it.
struct DecodedImage {
  Picture picture;     ///< always 3 channels
  std::string format;  ///< "png", "jpeg"
  bool lossy = false;  ///< decoded from a lossy codec
  std::vector<std::string>
      notes;  ///< "grey", "palette", "16-bit scaled to 8", "opaque alpha dropped", "cmyk", "exif orientation 6 ignored"
};

/// By content, whatever the file is called.
bool is_png(std::span<const std::byte> file);
bool is_jpeg(std::span<const std::byte> file);

/// PNG and JPEG by content, not by name. Grey is repeated to three channels; palettes are looked up; 16 bits are scaled by 1/257,
/// rounded (the peers clip grey ones to 255); CMYK and YCCK JPEGs are converted as PIL does; EXIF orientation is noted and not
/// applied, as in every peer; alpha that is opaque everywhere is dropped. Error{data} naming `source`: alpha that isn't opaque
/// (the peers score hidden colours), a truncated or damaged stream with its byte offset, another format with its name.
DecodedImage decode_image(std::span<const std::byte> file, const std::string& source);

}  // namespace alea
