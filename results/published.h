#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "results/record.h"

namespace alea {

enum class CellStatus {
  compared,    ///< may be held against ours
  not_sound,   ///< printed, but not of what it says (void in the file): never compared, with the reason
  not_printed  ///< the paper has none
};

/// One number of a paper's table.
struct PublishedCell {
  CellStatus status = CellStatus::not_printed;
  std::optional<double> value = {};
  int decimals = 0;                     ///< as printed; of a derived value those of its parts
  double rounding = 0;                  ///< how far the unrounded value may lie from `value`
  std::string reason = {};              ///< a sentence; set exactly for CellStatus::not_sound
  std::vector<std::string> notes = {};  ///< further sentences that a reader should know
};

/// A column is printed, or derived from two printed ones of the same row.
struct PublishedColumn {
  enum class Source { printed, difference, ratio };
  std::string name;   ///< "gain.ours"
  std::string title;  ///< "Random - Ours"
  Direction direction = Direction::none;
  Source source = Source::printed;
  std::string first = {}, second = {};  ///< columns of a derived one
};

struct PublishedRow {
  std::string name;   ///< the system: "imagenet64.adm"
  std::string model;  ///< as the paper says
  std::string data;
  std::vector<PublishedCell> cells;  ///< one a column
};

struct PublishedTable {
  std::string name;  ///< "table1"
  std::string title;
  std::vector<PublishedColumn> columns;
  std::vector<PublishedRow> rows;

  const PublishedRow* find_row(const std::string& row) const;  ///< null where the paper has none
};

/// A paper's tables: results/paper/2412.00205.json.
struct PublishedPaper {
  std::string paper;  ///< "arXiv:2412.00205v1"
  std::string title;
  std::vector<PublishedTable> tables;

  const PublishedTable* find_table(const std::string& table) const;
};

/// Values of derived columns are filled in. Error{data} with all problems by JSON pointer; `source` is named in it.
PublishedPaper published_from_json(const Json& json, const std::string& source);
PublishedPaper read_published(const std::filesystem::path& path);

}  // namespace alea
