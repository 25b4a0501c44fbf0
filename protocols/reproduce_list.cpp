#include "protocols/reproduce_list.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "core/files.h"
#include "protocols/distances.h"

namespace alea {
namespace {

struct ListOptions {
  std::string published;
  Json columns, systems, rows;
};
struct RowOptions {
  std::string table, row, size, config;
};

}  // namespace

template <>
struct Fields<ListOptions> {
  static auto table() {
    using O = ListOptions;
    return std::tuple{field("published", &O::published, "the paper's tables, relative to this file").required(),
                      field("columns", &O::columns, "table -> column -> row of the record").required(),
                      field("systems", &O::systems, "array of systems").required(),
                      field("rows", &O::rows, "array of rows that can be run").required()};
  }
};
template <>
struct Fields<ReproduceSystem> {
  static auto table() {
    using O = ReproduceSystem;
    return std::tuple{field("name", &O::name, "as rows call it").required(),
                      field("model", &O::model, "in tables").required(),
                      field("data", &O::data, "in tables").required(),
                      field("forwards_per_second", &O::forwards_per_second, "for plans").range(1e-3, 1e9).required(),
                      field("rate_of", &O::rate_of, "what has that rate").required(),
                      field("training_images", &O::training_images, "what reference statistics are of").required()};
  }
};
template <>
struct Fields<RowOptions> {
  static auto table() {
    using O = RowOptions;
    return std::tuple{field("table", &O::table, "table or figure").required(), field("row", &O::row, "system").required(),
                      field("size", &O::size, "how much of the paper's").one_of(kReproduceSizes).required(),
                      field("config", &O::config, "config file, relative to this file").required()};
  }
};

namespace {

std::vector<std::string> names_of(const std::vector<ReproduceSystem>& systems) {
  std::vector<std::string> out;
  for (const ReproduceSystem& system : systems) out.push_back(system.name);
  return out;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

/// It names the run's folder too, which must lie below the one that the user gives.
bool is_below(const std::filesystem::path& path) {
  return path.is_relative() && !path.empty() && std::find(path.begin(), path.end(), "..") == path.end();
}

void read_columns(const Json& json, ReproduceList& out, ConfigErrors& errors) {
  for (const auto& [table, columns] : json.items()) {
    if (!columns.is_object()) {
      errors.add(child_pointer("/columns", table), "expected an object of patterns by column");
      continue;
    }
    for (const auto& [column, pattern] : columns.items()) {
      if (pattern.is_string())
        out.columns[table][column] = pattern.get<std::string>();
      else
        errors.add(child_pointer(child_pointer("/columns", table), column), "expected the name of a record's row");
    }
  }
}

void read_rows(const Json& json, const std::filesystem::path& folder, ReproduceList& out, ConfigErrors& errors) {
  const auto systems = names_of(out.systems);
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string pointer = child_pointer("/rows", i);
    const auto row = read_options<RowOptions>(json[i], pointer, errors);
    if (std::find(systems.begin(), systems.end(), row.row) == systems.end())
      errors.add(pointer + "/row", "\"" + row.row + "\" is no system of this list" + suggestion(row.row, systems));
    if (!is_below(row.config)) errors.add(pointer + "/config", "expected a path below this file, found \"" + row.config + "\"");
    const auto is_same = [&](const ReproduceRow& other) {
      return other.table == row.table && other.row == row.row && other.size == row.size;
    };
    if (std::any_of(out.rows.begin(), out.rows.end(), is_same))
      errors.add(pointer, fmt::format("{} {} {} is there already", row.table, row.row, row.size));
    out.rows.push_back({row.table, row.row, row.size, row.config, (folder / row.config).lexically_normal()});
  }
}

[[noreturn]] void fail_unknown(const char* what, const std::string& name, const std::vector<std::string>& known) {
  fail(ErrorCode::usage, "reproduce: there is no {} {}{}", what, name, suggestion(name, known));
}

}  // namespace

const ReproduceSystem& ReproduceList::system(const std::string& name) const {
  const auto it = std::find_if(systems.begin(), systems.end(), [&](const ReproduceSystem& s) { return s.name == name; });
  ALEA_CHECK(it != systems.end(), "no system {}", name);
  return *it;
}

ReproduceList read_reproduce_list(const std::filesystem::path& path) {
  ConfigErrors errors;
  ReproduceList out;
  const auto options = read_options<ListOptions>(read_json_file(path), "", errors);
  const auto folder = path.parent_path();
  out.published = (folder / options.published).lexically_normal();
  for (std::size_t i = 0; i < options.systems.size(); ++i)
    out.systems.push_back(read_options<ReproduceSystem>(options.systems[i], child_pointer("/systems", i), errors));
  read_columns(options.columns, out, errors);
  read_rows(options.rows, folder, out, errors);
  errors.throw_if_any(path.string());
  return out;
}

std::vector<ReproduceRow> select_rows(const ReproduceList& list, const std::string& table, const std::string& size,
                                      const std::vector<std::string>& rows) {
  std::vector<std::string> tables{"all"}, known;
  for (const ReproduceRow& row : list.rows) add_once(tables, row.table);
  if (std::find(tables.begin(), tables.end(), table) == tables.end()) fail_unknown("table or figure", table, tables);
  if (std::find(kReproduceSizes.begin(), kReproduceSizes.end(), size) == kReproduceSizes.end())
    fail_unknown("size", size, kReproduceSizes);
  std::vector<ReproduceRow> of_table, out;
  for (const ReproduceRow& row : list.rows)
    if ((table == "all" || row.table == table) && row.size == size) {
      of_table.push_back(row);
      add_once(known, row.row);
    }
  if (of_table.empty()) fail(ErrorCode::usage, "reproduce: {} has no row of size {}; try --size smoke", table, size);
  for (const std::string& row : rows)
    if (std::find(known.begin(), known.end(), row) == known.end()) fail_unknown("row", row, known);
  for (ReproduceRow& row : of_table)
    if (rows.empty() || std::find(rows.begin(), rows.end(), row.row) != rows.end()) out.push_back(std::move(row));
  return out;
}

std::string metric_of(const std::string& pattern, const std::string& features) {
  std::string out = pattern;
  const std::string fd = distance_name(features, "");
  for (const auto& [mark, text] :
       {std::pair<std::string, std::string>{"{fd}", fd.substr(0, fd.size() - 1)}, {"{network}", features}})
    for (auto at = out.find(mark); at != std::string::npos; at = out.find(mark, at + text.size()))
      out.replace(at, mark.size(), text);
  return out;
}

}  // namespace alea
