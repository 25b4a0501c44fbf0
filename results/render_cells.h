#pragma once

#include <string>
#include <vector>

#include "results/record.h"

namespace alea {

// What tables for people are made of.

/// Decimals show two digits of the standard error; more would be noise, fewer would hide it. "null" without a value.
std::string value_text(const MetricRow& row);
/// "low .. high" with the same decimals; empty without an interval.
std::string interval_text(const MetricRow& row);

using Cells = std::vector<std::string>;
std::vector<std::size_t> cell_widths(const std::vector<Cells>& lines);
/// One line, two spaces before each cell.
std::string cells_text(const Cells& line, const std::vector<std::size_t>& widths, const std::vector<bool>& right_aligned);

}  // namespace alea
