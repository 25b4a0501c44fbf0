#pragma once

#include <cmath>

#include "formats/small_float.h"

namespace alea {

/// A number >= 0 as a 16-bit float holds it; 65536 in place of infinity, so that what the format can't hold stays equal and the
/// largest.
inline double as_half(double x) {
  const double rounded = kHalf.rounded(x);
  return std::isinf(rounded) && std::isfinite(x) ? 65536 : rounded;
}

}  // namespace alea
