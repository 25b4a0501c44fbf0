#pragma once

#include <string>

namespace alea {

/// Decimals that show two digits of the standard error; more would be noise, fewer would hide it.
int decimals_of(double standard_error);

/// Without the minus of a number that rounds to zero.
std::string fixed_text(double value, int decimals);

}  // namespace alea
