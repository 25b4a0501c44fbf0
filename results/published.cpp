#include "results/published.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.h"

namespace alea {
namespace {

struct FileOptions {
  std::string schema;
  int schema_version = 0;
  std::string paper, title;
  Json reasons, tables;
};
struct TableOptions {
  std::string name, title;
  Json columns, rows;
};
struct ColumnOptions {
  std::string name, title, direction;
  std::optional<Json> derived;
};
struct DerivedOptions {
  std::string how;
  std::vector<std::string> of;
};
struct RowOptions {
  std::string name, model, data;
  Json cells;
};
struct CellOptions {
  std::string printed, status, reason;
  std::vector<std::string> notes;
};

}  // namespace

template <>
struct Fields<FileOptions> {
  static auto table() {
    using O = FileOptions;
    return std::tuple{field("schema", &O::schema, "kind of file").one_of({"alea.published"}).required(),
                      field("schema_version", &O::schema_version, "of the file").range(1, 1).required(),
                      field("paper", &O::paper, "where the tables were published").required(),
                      field("title", &O::title, "of the paper").required(),
                      field("reasons", &O::reasons, "sentences by name").required(),
                      field("tables", &O::tables, "array of tables").required()};
  }
};
template <>
struct Fields<TableOptions> {
  static auto table() {
    using O = TableOptions;
    return std::tuple{field("name", &O::name, "table1").required(), field("title", &O::title, "what it shows").required(),
                      field("columns", &O::columns, "array of columns").required(),
                      field("rows", &O::rows, "array of rows").required()};
  }
};
template <>
struct Fields<ColumnOptions> {
  static auto table() {
    using O = ColumnOptions;
    return std::tuple{field("name", &O::name, "as cells are keyed").required(), field("title", &O::title, "heading").required(),
                      field("direction", &O::direction, "which way is better").one_of({"lower", "higher", "none"}).required(),
                      field("derived", &O::derived, "how to have it from two printed columns")};
  }
};
template <>
struct Fields<DerivedOptions> {
  static auto table() {
    using O = DerivedOptions;
    return std::tuple{
        field("how", &O::how, "first minus second, or first over second").one_of({"difference", "ratio"}).required(),
        field("of", &O::of, "names of two printed columns").required()};
  }
};
template <>
struct Fields<RowOptions> {
  static auto table() {
    using O = RowOptions;
    return std::tuple{field("name", &O::name, "system").required(), field("model", &O::model, "as printed").required(),
                      field("data", &O::data, "as printed").required(),
                      field("cells", &O::cells, "object of cells by column").required()};
  }
};
template <>
struct Fields<CellOptions> {
  static auto table() {
    using O = CellOptions;
    return std::tuple{field("printed", &O::printed, "digits as printed"),
                      field("status", &O::status, "may it be compared").one_of({"compared", "void", "absent"}).required(),
                      field("reason", &O::reason, "name of the sentence that says why not"),
                      field("notes", &O::notes, "names of sentences")};
  }
};

namespace {

/// "8.50" -> 8.5 with two decimals.
bool read_printed(const std::string& text, PublishedCell& cell) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (parsed.ec != std::errc{} || parsed.ptr != end || !std::isfinite(value)) return false;
  const auto point = text.find('.');
  cell.decimals = point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
  cell.rounding = 0.5 * std::pow(10.0, -cell.decimals);
  cell.value = value;
  return true;
}

Direction direction_of(const std::string& name) {
  return name == "lower" ? Direction::lower : name == "higher" ? Direction::higher : Direction::none;
}

/// Of a table in the making: reads its parts and collects what is wrong.
class Reader {
 public:
  Reader(const Json& reasons, ConfigErrors& errors) : reasons_(reasons), errors_(errors) {}

  PublishedTable table(const Json& json, const std::string& pointer) {
    const auto options = read_options<TableOptions>(json, pointer, errors_);
    PublishedTable out{options.name, options.title, {}, {}};
    for (std::size_t i = 0; i < options.columns.size(); ++i)
      out.columns.push_back(column(options.columns[i], child_pointer(pointer + "/columns", i)));
    for (std::size_t i = 0; i < out.columns.size(); ++i) check_parts(out, i, child_pointer(pointer + "/columns", i));
    for (std::size_t i = 0; i < options.rows.size(); ++i)
      out.rows.push_back(row(options.rows[i], out, child_pointer(pointer + "/rows", i)));
    return out;
  }

 private:
  PublishedColumn column(const Json& json, const std::string& pointer) {
    const auto options = read_options<ColumnOptions>(json, pointer, errors_);
    PublishedColumn out{options.name, options.title, direction_of(options.direction)};
    if (!options.derived) return out;
    const auto derived = read_options<DerivedOptions>(*options.derived, pointer + "/derived", errors_);
    out.source = derived.how == "ratio" ? PublishedColumn::Source::ratio : PublishedColumn::Source::difference;
    if (derived.of.size() != 2) {
      errors_.add(pointer + "/derived/of", "needs the names of two printed columns");
      return out;
    }
    out.first = derived.of[0];
    out.second = derived.of[1];
    return out;
  }

  void check_parts(const PublishedTable& table, std::size_t i, const std::string& pointer) {
    const PublishedColumn& column = table.columns[i];
    if (column.source == PublishedColumn::Source::printed) return;
    std::vector<std::string> printed;
    for (const PublishedColumn& other : table.columns)
      if (other.source == PublishedColumn::Source::printed) printed.push_back(other.name);
    for (const std::string& part : {column.first, column.second})
      if (std::find(printed.begin(), printed.end(), part) == printed.end())
        errors_.add(pointer + "/derived/of", "\"" + part + "\" is no printed column" + suggestion(part, printed));
  }

  PublishedRow row(const Json& json, const PublishedTable& table, const std::string& pointer) {
    const auto options = read_options<RowOptions>(json, pointer, errors_);
    PublishedRow out{options.name, options.model, options.data, {}};
    std::vector<std::string> names;
    for (const PublishedColumn& column : table.columns) names.push_back(column.name);
    const Json cells = options.cells.is_object() ? options.cells : Json::object();
    for (const auto& [key, value] : cells.items())
      if (std::find(names.begin(), names.end(), key) == names.end())
        errors_.add(child_pointer(pointer + "/cells", key), "is no column" + suggestion(key, names));
    for (const PublishedColumn& column : table.columns) {
      const std::string where = child_pointer(pointer + "/cells", column.name);
      if (cells.contains(column.name))
        out.cells.push_back(cell(cells[column.name], column, where));
      else
        errors_.add(where, "missing: every column needs a cell with a status");
    }
    if (out.cells.size() == table.columns.size()) derive(table, out);
    return out;
  }

  PublishedCell cell(const Json& json, const PublishedColumn& column, const std::string& pointer) {
    const auto options = read_options<CellOptions>(json, pointer, errors_);
    PublishedCell out;
    out.status = options.status == "compared" ? CellStatus::compared
                 : options.status == "void"   ? CellStatus::not_sound
                                              : CellStatus::not_printed;
    const bool is_printed = column.source == PublishedColumn::Source::printed && out.status != CellStatus::not_printed;
    if (options.printed.empty() == is_printed)
      errors_.add(pointer + "/printed", is_printed ? "missing: the digits as printed" : "nothing is printed here");
    else if (is_printed && !read_printed(options.printed, out))
      errors_.add(pointer + "/printed", "\"" + options.printed + "\" isn't a decimal number such as 8.50");
    if (options.reason.empty() == (out.status == CellStatus::not_sound))
      errors_.add(pointer + "/reason", "a reason belongs to void cells, and to all of them");
    if (!options.reason.empty()) out.reason = sentence(options.reason, pointer + "/reason");
    for (std::size_t i = 0; i < options.notes.size(); ++i)
      out.notes.push_back(sentence(options.notes[i], child_pointer(pointer + "/notes", i)));
    return out;
  }

  std::string sentence(const std::string& name, const std::string& pointer) {
    if (reasons_.is_object() && reasons_.contains(name) && reasons_[name].is_string()) return reasons_[name];
    std::vector<std::string> known;
    if (reasons_.is_object())
      for (const auto& [key, value] : reasons_.items()) known.push_back(key);
    errors_.add(pointer, "\"" + name + "\" is no string of /reasons" + suggestion(name, known));
    return "";
  }

  static const PublishedCell& cell_of(const PublishedTable& table, const PublishedRow& row, const std::string& name) {
    for (std::size_t c = 0; c < table.columns.size(); ++c)
      if (table.columns[c].name == name) return row.cells[c];
    return row.cells.front();  // an unknown name is an error already
  }

  static void derive(const PublishedTable& table, PublishedRow& row) {
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const PublishedColumn& column = table.columns[c];
      PublishedCell& out = row.cells[c];
      if (column.source == PublishedColumn::Source::printed || out.status == CellStatus::not_printed) continue;
      const PublishedCell &a = cell_of(table, row, column.first), &b = cell_of(table, row, column.second);
      if (!a.value || !b.value) continue;
      const bool is_ratio = column.source == PublishedColumn::Source::ratio;
      out.value = is_ratio ? *a.value / *b.value : *a.value - *b.value;
      out.decimals = std::max(a.decimals, b.decimals);
      out.rounding = is_ratio ? (a.rounding + *out.value * b.rounding) / *b.value : a.rounding + b.rounding;
    }
  }

  const Json& reasons_;
  ConfigErrors& errors_;
};

}  // namespace

const PublishedRow* PublishedTable::find_row(const std::string& row) const {
  const auto it = std::find_if(rows.begin(), rows.end(), [&](const PublishedRow& r) { return r.name == row; });
  return it == rows.end() ? nullptr : &*it;
}

const PublishedTable* PublishedPaper::find_table(const std::string& table) const {
  const auto it = std::find_if(tables.begin(), tables.end(), [&](const PublishedTable& t) { return t.name == table; });
  return it == tables.end() ? nullptr : &*it;
}

PublishedPaper published_from_json(const Json& json, const std::string& source) {
  ConfigErrors errors;
  const auto options = read_options<FileOptions>(json, "", errors);
  PublishedPaper out{options.paper, options.title, {}};
  Reader reader(options.reasons, errors);
  for (std::size_t i = 0; i < options.tables.size(); ++i)
    out.tables.push_back(reader.table(options.tables[i], child_pointer("/tables", i)));
  try {
    errors.throw_if_any(source);
  } catch (const Error& error) {
    throw Error(ErrorCode::data, error.what());
  }
  return out;
}

PublishedPaper read_published(const std::filesystem::path& path) {
  return published_from_json(read_json_file(path), path.string());
}

}  // namespace alea
