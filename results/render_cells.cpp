#include "results/render_cells.h"

#include <algorithm>
#include <cmath>

namespace alea {
namespace {

/// Decimals that show two digits of the standard error; more would be noise, fewer would hide it.
int decimals_of(double standard_error) {
  if (!(standard_error > 0)) return 4;
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(standard_error))), 0, 9);
}

/// Without the minus of a number that rounds to zero.
std::string fixed_text(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.starts_with('-') && text.find_first_of("123456789") == std::string::npos) text.erase(0, 1);
  return text;
}

}  // namespace

std::string value_text(const MetricRow& row) {
  if (!row.value) return "null";
  if (!row.interval) return fmt::format("{:.5g}", *row.value);
  return fixed_text(*row.value, decimals_of(row.interval->standard_error));
}

std::string interval_text(const MetricRow& row) {
  if (!row.interval) return "";
  const int decimals = decimals_of(row.interval->standard_error);
  return fmt::format("{} .. {}", fixed_text(row.interval->low, decimals), fixed_text(row.interval->high, decimals));
}

std::vector<std::size_t> cell_widths(const std::vector<Cells>& lines) {
  std::vector<std::size_t> widths;
  for (const Cells& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  }
  return widths;
}

std::string cells_text(const Cells& line, const std::vector<std::size_t>& widths, const std::vector<bool>& right_aligned) {
  std::string out = "  ";
  for (std::size_t c = 0; c < line.size(); ++c)
    out += right_aligned[c] ? fmt::format("{:>{}}  ", line[c], widths[c]) : fmt::format("{:<{}}  ", line[c], widths[c]);
  out.erase(out.find_last_not_of(' ') + 1);
  return out + "\n";
}

}  // namespace alea
