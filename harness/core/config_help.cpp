#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/config.h"

namespace alea {
namespace {

using Row = std::array<std::string, 5>;  // pointer, type, default, range or choices, meaning

std::string type_text(const Json& schema) {
  const Json& type = schema.at("type");
  std::string text;
  for (const Json& one : type.is_array() ? type : Json::array({type}))
    text += (text.empty() ? "" : " or ") + one.get<std::string>();
  return schema.contains("items") ? text + " of " + type_text(schema["items"]) : text;
}

std::string range_text(const Json& schema) {
  if (schema.contains("items")) return range_text(schema["items"]);
  if (schema.contains("enum")) {
    std::string text;
    for (const Json& choice : schema["enum"])
      if (choice.is_string()) text += (text.empty() ? "" : ", ") + choice.get<std::string>();
    return text;
  }
  const bool low = schema.contains("minimum"), high = schema.contains("maximum");
  if (low && high) return schema["minimum"].dump() + " to " + schema["maximum"].dump();
  if (low) return "at least " + schema["minimum"].dump();
  return high ? "at most " + schema["maximum"].dump() : "";
}

void add_rows(const Json& schema, const std::string& pointer, std::vector<Row>& rows) {
  for (const auto& [name, property] : schema.at("properties").items()) {
    const std::string here = child_pointer(pointer, name);
    const bool is_plain_object = property.contains("properties") && property.at("type") == "object";
    if (!is_plain_object)
      rows.push_back({here, type_text(property), property.contains("default") ? property["default"].dump() : "required",
                      range_text(property), property.value("description", "")});
    if (property.contains("properties")) add_rows(property, here, rows);
    if (property.contains("items") && property["items"].contains("properties")) add_rows(property["items"], here + "/*", rows);
  }
}

}  // namespace

std::string schema_help(const Json& schema) {
  std::vector<Row> rows;
  add_rows(schema, "", rows);
  std::array<std::size_t, 5> widths{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      if (widths[i] > 0) text += fmt::format("  {:<{}}", row[i], widths[i]);
    text.resize(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

}  // namespace alea
