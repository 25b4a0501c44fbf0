#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace alea {

/// A floating-point format of at most 16 bits: from the top a sign, an exponent and a fraction.
struct SmallFloat {
  enum class Specials {
    ieee,         ///< the largest exponent: infinity without a fraction, NaN with one
    nan_is_ones,  ///< no infinities; NaN where exponent and fraction are all ones
    nan_is_minus_zero,
    power_of_two,  ///< no sign, fraction, zero or infinities; NaN where the exponent is all ones
  };
  int exponent_bits, fraction_bits, bias;
  Specials specials;

  /// Exact: a double holds every value of these formats.
  double value(std::uint32_t code) const {
    const std::uint32_t most = (1U << exponent_bits) - 1, ones = (1U << fraction_bits) - 1;
    const std::uint32_t exponent = (code >> fraction_bits) & most, fraction = code & ones;
    const bool negative = specials != Specials::power_of_two && (code >> (exponent_bits + fraction_bits) & 1) != 0;
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    if (specials == Specials::nan_is_minus_zero && negative && exponent == 0 && fraction == 0) return kNaN;
    if (specials == Specials::nan_is_ones && exponent == most && fraction == ones) return kNaN;
    if (specials == Specials::power_of_two) return exponent == most ? kNaN : std::ldexp(1.0, static_cast<int>(exponent) - bias);
    double size = 0;
    if (specials == Specials::ieee && exponent == most)
      size = fraction != 0 ? kNaN : HUGE_VAL;
    else if (exponent == 0)
      size = std::ldexp(fraction, 1 - bias - fraction_bits);
    else
      size = std::ldexp(ones + 1 + fraction, static_cast<int>(exponent) - bias - fraction_bits);
    return negative ? -size : size;
  }

  /// The nearest value of a format with infinities (ieee), of two the one with an even fraction; infinity past the largest.
  double rounded(double x) const {
    if (x == 0 || !std::isfinite(x)) return x;
    int exponent = 0;
    std::frexp(x, &exponent);
    const int unit = std::max(exponent - 1, 1 - bias) - fraction_bits;
    const double nearest = std::ldexp(std::nearbyint(std::ldexp(x, -unit)), unit);
    return std::abs(nearest) < std::ldexp(1.0, bias + 1) ? nearest : std::copysign(HUGE_VAL, x);
  }
};

inline constexpr SmallFloat kE4M3{4, 3, 7, SmallFloat::Specials::nan_is_ones}, kE5M2{5, 2, 15, SmallFloat::Specials::ieee},
    kE4M3Fnuz{4, 3, 8, SmallFloat::Specials::nan_is_minus_zero}, kE5M2Fnuz{5, 2, 16, SmallFloat::Specials::nan_is_minus_zero},
    kE8M0{8, 0, 127, SmallFloat::Specials::power_of_two}, kHalf{5, 10, 15, SmallFloat::Specials::ieee},
    kBfloat16{8, 7, 127, SmallFloat::Specials::ieee};

}  // namespace alea
