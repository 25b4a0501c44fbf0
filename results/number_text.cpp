#include "results/number_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace alea {

int decimals_of(double standard_error) {
  if (!(standard_error > 0)) return 4;
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(standard_error))), 0, 9);
}

std::string fixed_text(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.starts_with('-') && text.find_first_of("123456789") == std::string::npos) text.erase(0, 1);
  return text;
}

}  // namespace alea
