#pragma once

#include "formats/png.h"

namespace alea {

/// PIL's filters of Image.resize, support stretched when it shrinks.
enum class PilFilter { box, bicubic };

/// What PIL's Image.resize((width, height), filter) gives for an 8-bit picture, to the bit, up to Pillow 12: rows first, then
/// columns, weights of 22 fractional bits, rounded to 8 bits between. (Pillow 13 begins with the columns where that is less work,
/// which moves single values by a grey level.) Error{shape} for an extent below 1 or pixels that don't fit.
Picture resize_as_pil(const Picture& picture, int width, int height, PilFilter filter);

}  // namespace alea
