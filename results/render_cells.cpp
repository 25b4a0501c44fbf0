#include "results/render_cells.h"

#include <algorithm>

#include "results/number_text.h"

namespace alea {
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
