#pragma once

#include <string>
#include <vector>

#include "results/reproduction.h"

namespace alea {

/// A table in words, the same for every format: cells of several lines, and footnotes by number.
struct LaidOutCell {
  std::vector<std::string> lines;
  bool is_grey = false;         ///< nothing in it is compared
  std::vector<int> marks = {};  ///< footnotes of its first line
};

struct LaidOutTable {
  std::string title;
  std::vector<std::string> headings;           ///< of the columns after the rows' labels
  std::vector<std::vector<LaidOutCell>> rows;  ///< label first
  std::vector<std::string> footnotes;          ///< number i + 1
};

LaidOutTable laid_out(const ReproducedTable& table);

/// {1, 2, 3, 7} -> "1-3,7"; empty for none.
std::string marks_text(std::vector<int> marks);

}  // namespace alea
