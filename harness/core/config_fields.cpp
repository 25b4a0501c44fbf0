#include "core/config_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace alea::detail {
namespace {

constexpr std::size_t kLongestShown = 60;

std::string range_text(const std::optional<double>& low, const std::optional<double>& high) {
  if (low && high) return fmt::format("from {} to {}", *low, *high);
  return low ? fmt::format("at least {}", *low) : fmt::format("at most {}", *high);
}

/// Whole numbers without a decimal point where they fit.
Json integer_bound(double value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (value != std::floor(value) || std::abs(value) > kExact) return value;
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::string describe(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kLongestShown) text = text.substr(0, kLongestShown) + "...";
  return text;
}

void wrong_type(const Json& json, const std::string& pointer, const std::string& wanted, ConfigErrors& errors) {
  errors.add(pointer, fmt::format("must be {}, not {}", wanted, describe(json)));
}

void check_members(const Json& json, const std::string& pointer, const std::vector<std::string>& known, ConfigErrors& errors) {
  for (const auto& [key, value] : json.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      errors.add(child_pointer(pointer, key), "unknown key" + suggestion(key, known));
}

bool is_in_range(double value, const Json& json, const std::string& pointer, const Rules& rules, ConfigErrors& errors) {
  const bool inside = (!rules.low || value >= *rules.low) && (!rules.high || value <= *rules.high);
  if (!inside) errors.add(pointer, fmt::format("must be {}, not {}", range_text(rules.low, rules.high), describe(json)));
  return inside;
}

bool is_integer_in_range(const Json& json, const std::string& pointer, const Rules& rules, ConfigErrors& errors) {
  if (json.is_number_integer()) return is_in_range(json.get<double>(), json, pointer, rules, errors);
  wrong_type(json, pointer, "an integer", errors);
  return false;
}

std::optional<bool> read_bool(const Json& json, const std::string& pointer, ConfigErrors& errors) {
  if (json.is_boolean()) return json.get<bool>();
  wrong_type(json, pointer, "true or false", errors);
  return std::nullopt;
}

std::optional<std::string> read_string(const Json& json, const std::string& pointer, const Rules& rules, ConfigErrors& errors) {
  if (!json.is_string()) {
    wrong_type(json, pointer, "a string", errors);
    return std::nullopt;
  }
  auto text = json.get<std::string>();
  if (rules.choices.empty() || std::find(rules.choices.begin(), rules.choices.end(), text) != rules.choices.end()) return text;
  errors.add(pointer, describe(json) + " is not a choice" + suggestion(text, rules.choices));
  return std::nullopt;
}

std::optional<std::int64_t> read_signed(const Json& json, const std::string& pointer, const Rules& rules, std::int64_t min,
                                        std::int64_t max, ConfigErrors& errors) {
  if (!is_integer_in_range(json, pointer, rules, errors)) return std::nullopt;
  const auto value = json.get<std::int64_t>();
  const bool wrapped = json.is_number_unsigned() && value < 0;
  if (!wrapped && value >= min && value <= max) return value;
  errors.add(pointer, fmt::format("must be from {} to {}, not {}", min, max, describe(json)));
  return std::nullopt;
}

std::optional<std::uint64_t> read_unsigned(const Json& json, const std::string& pointer, const Rules& rules, std::uint64_t max,
                                           ConfigErrors& errors) {
  if (!is_integer_in_range(json, pointer, rules, errors)) return std::nullopt;
  const auto value = json.get<std::uint64_t>();
  const bool negative = !json.is_number_unsigned() && json.get<std::int64_t>() < 0;
  if (!negative && value <= max) return value;
  errors.add(pointer, fmt::format("must be from 0 to {}, not {}", max, describe(json)));
  return std::nullopt;
}

std::optional<double> read_number(const Json& json, const std::string& pointer, const Rules& rules, double max,
                                  ConfigErrors& errors) {
  if (!json.is_number()) {
    wrong_type(json, pointer, "a number", errors);
    return std::nullopt;
  }
  const auto value = json.get<double>();
  const Rules representable{-max, max, {}, false};
  if (!is_in_range(value, json, pointer, rules, errors) || !is_in_range(value, json, pointer, representable, errors))
    return std::nullopt;
  return value;
}

void read_any(const Json& json, const std::string& pointer, const Rules& rules, Json& out, ConfigErrors& errors) {
  if (json.is_structured() || (json.is_null() && !rules.is_required))
    out = json;
  else
    wrong_type(json, pointer, "an object or array", errors);
}

Json number_to_json(double value) {
  ALEA_CHECK(std::isfinite(value), "an option is {}, which JSON can't hold; use std::optional for \"no limit\"", value);
  return value;
}

Json number_to_json(float value) {
  ALEA_CHECK(std::isfinite(value), "an option is {}, which JSON can't hold; use std::optional for \"no limit\"", value);
  return std::strtod(fmt::format("{}", value).c_str(), nullptr);
}

Json scalar_schema(const char* type, const Rules& rules) {
  const auto bound = [&](double value) { return type == std::string_view("integer") ? integer_bound(value) : Json(value); };
  Json schema = {{"type", type}};
  if (rules.low && std::isfinite(*rules.low)) schema["minimum"] = bound(*rules.low);
  if (rules.high && std::isfinite(*rules.high)) schema["maximum"] = bound(*rules.high);
  if (!rules.choices.empty()) schema["enum"] = rules.choices;
  return schema;
}

void allow_null(Json& schema) {
  Json& type = schema["type"];
  if (!type.is_array()) type = Json::array({type});
  if (std::find(type.begin(), type.end(), "null") == type.end()) type.push_back("null");
  if (schema.contains("enum")) schema["enum"].push_back(nullptr);
}

void add_property(Json& schema, const std::string& name, const std::string& help, Json property, bool is_required) {
  property["description"] = help;
  if (is_required) schema["required"].push_back(name);
  schema["properties"][name] = std::move(property);
}

}  // namespace alea::detail
