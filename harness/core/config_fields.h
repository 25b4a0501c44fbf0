#pragma once

// The bodies of core/config.h's templates; include that header instead.

#include <cmath>

#include "core/config.h"

namespace alea::detail {

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;

template <class T>
inline constexpr bool kUnsupported = false;

/// What a table says about one field, without its type.
struct Rules {
  std::optional<double> low, high;
  std::vector<std::string> choices;
  bool is_required = false;
};

template <class Options, class T>
Rules rules_of(const Field<Options, T>& field) {
  return {field.low, field.high, field.choices, field.is_required};
}

/// A value in an error message: scalars as JSON (long ones cut), "an array" and "an object" in words.
std::string describe(const Json& value);

void wrong_type(const Json& json, const std::string& pointer, const std::string& wanted, ConfigErrors& errors);
void check_members(const Json& json, const std::string& pointer, const std::vector<std::string>& known, ConfigErrors& errors);
bool is_in_range(double value, const Json& json, const std::string& pointer, const Rules& rules, ConfigErrors& errors);

std::optional<bool> read_bool(const Json& json, const std::string& pointer, ConfigErrors& errors);
std::optional<std::string> read_string(const Json& json, const std::string& pointer, const Rules& rules, ConfigErrors& errors);
std::optional<std::int64_t> read_signed(const Json& json, const std::string& pointer, const Rules& rules, std::int64_t min,
                                        std::int64_t max, ConfigErrors& errors);
std::optional<std::uint64_t> read_unsigned(const Json& json, const std::string& pointer, const Rules& rules, std::uint64_t max,
                                           ConfigErrors& errors);
std::optional<double> read_number(const Json& json, const std::string& pointer, const Rules& rules, double max,
                                  ConfigErrors& errors);
void read_any(const Json& json, const std::string& pointer, const Rules& rules, Json& out, ConfigErrors& errors);

/// The double that prints as the float does, so that 0.1f is stored and hashed as 0.1. Error{internal} unless finite.
Json number_to_json(float value);
Json number_to_json(double value);

/// {"type": ..., "minimum": ..., "maximum": ..., "enum": ...}
Json scalar_schema(const char* type, const Rules& rules);
void allow_null(Json& schema);
void add_property(Json& schema, const std::string& name, const std::string& help, Json property, bool is_required);

template <HasFields Options>
void read_into(const Json& json, const std::string& pointer, Options& out, ConfigErrors& errors);
template <HasFields Options>
Json options_schema(const Options& defaults);

template <class Options, class Visit>
void for_each_field(Visit&& visit) {
  std::apply([&](const auto&... fields) { (visit(fields), ...); }, Fields<Options>::table());
}

template <class T>
const char* type_name() {
  if constexpr (std::is_same_v<T, Json>)
    return "an object or array";
  else if constexpr (kIsOptional<T>)
    return type_name<typename T::value_type>();
  else if constexpr (kIsVector<T>)
    return "an array";
  else if constexpr (HasFields<T>)
    return "an object";
  else if constexpr (std::is_same_v<T, std::string>)
    return "a string";
  else if constexpr (std::is_same_v<T, bool>)
    return "true or false";
  else if constexpr (std::is_integral_v<T>)
    return "an integer";
  else if constexpr (std::is_floating_point_v<T>)
    return "a number";
  else
    static_assert(kUnsupported<T>, "a field of this type can't be read from JSON");
}

template <class To, class From>
void assign_if(To& out, const std::optional<From>& value) {
  if (value) out = static_cast<To>(*value);
}

template <class T>
void read_value(const Json& json, const std::string& pointer, const Rules& rules, T& out, ConfigErrors& errors);

template <class T>
void read_vector(const Json& json, const std::string& pointer, const Rules& rules, std::vector<T>& out, ConfigErrors& errors) {
  if (!json.is_array()) return wrong_type(json, pointer, "an array", errors);
  out.clear();
  for (std::size_t i = 0; i < json.size(); ++i) {
    T element{};
    read_value(json[i], child_pointer(pointer, i), rules, element, errors);
    out.push_back(std::move(element));
  }
}

template <class T>
void read_value(const Json& json, const std::string& pointer, const Rules& rules, T& out, ConfigErrors& errors) {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_same_v<T, Json>) {
    read_any(json, pointer, rules, out, errors);
  } else if constexpr (kIsOptional<T>) {
    if (json.is_null()) {
      out.reset();
    } else {
      typename T::value_type value = out.value_or(typename T::value_type{});
      read_value(json, pointer, rules, value, errors);
      out = std::move(value);
    }
  } else if constexpr (kIsVector<T>) {
    read_vector(json, pointer, rules, out, errors);
  } else if constexpr (HasFields<T>) {
    read_into(json, pointer, out, errors);
  } else if constexpr (std::is_same_v<T, std::string>) {
    assign_if(out, read_string(json, pointer, rules, errors));
  } else if constexpr (std::is_same_v<T, bool>) {
    assign_if(out, read_bool(json, pointer, errors));
  } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
    assign_if(out, read_signed(json, pointer, rules, Limits::min(), Limits::max(), errors));
  } else if constexpr (std::is_integral_v<T>) {
    assign_if(out, read_unsigned(json, pointer, rules, Limits::max(), errors));
  } else if constexpr (std::is_floating_point_v<T>) {
    assign_if(out, read_number(json, pointer, rules, static_cast<double>(Limits::max()), errors));
  } else {
    static_assert(kUnsupported<T>, "a field of this type can't be read from JSON");
  }
}

template <HasFields Options, class T>
void read_field(const Json& json, const std::string& pointer, const Field<Options, T>& field, Options& out,
                ConfigErrors& errors) {
  const std::string where = child_pointer(pointer, field.name);
  const auto found = json.find(field.name);
  if (found != json.end()) {
    read_value(*found, where, rules_of(field), out.*field.member, errors);
  } else if (field.is_required) {
    errors.add(where, std::string("missing required key: ") + type_name<T>() + ", " + field.help);
  } else if constexpr (HasFields<T>) {
    read_into(Json::object(), where, out.*field.member, errors);  // so that required keys inside are missed too
  }
}

template <HasFields Options>
void read_into(const Json& json, const std::string& pointer, Options& out, ConfigErrors& errors) {
  if (!json.is_object()) return wrong_type(json, pointer, "an object", errors);
  check_members(json, pointer, field_names<Options>(), errors);
  for_each_field<Options>([&](const auto& field) { read_field(json, pointer, field, out, errors); });
}

template <class T>
Json value_to_json(const T& value) {
  if constexpr (std::is_same_v<T, Json>) {
    return value;
  } else if constexpr (kIsOptional<T>) {
    return value ? value_to_json(*value) : Json();
  } else if constexpr (kIsVector<T>) {
    Json out = Json::array();
    for (const typename T::value_type& element : value) out.push_back(value_to_json(element));
    return out;
  } else if constexpr (HasFields<T>) {
    return to_json(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return number_to_json(value);
  } else {
    return Json(value);
  }
}

template <class T>
Json value_schema(const Rules& rules, const T& value) {
  if constexpr (std::is_same_v<T, Json>) {
    Json schema = {{"type", {"object", "array"}}};
    if (!rules.is_required) allow_null(schema);
    return schema;
  } else if constexpr (kIsOptional<T>) {
    Json schema = value_schema(rules, value.value_or(typename T::value_type{}));
    allow_null(schema);
    return schema;
  } else if constexpr (kIsVector<T>) {
    return {{"type", "array"}, {"items", value_schema(rules, typename T::value_type{})}};
  } else if constexpr (HasFields<T>) {
    return options_schema(value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return scalar_schema("string", rules);
  } else if constexpr (std::is_same_v<T, bool>) {
    return scalar_schema("boolean", rules);
  } else if constexpr (std::is_integral_v<T>) {
    Rules with_type = rules;
    if (std::is_unsigned_v<T> && !with_type.low) with_type.low = 0;
    return scalar_schema("integer", with_type);
  } else {
    return scalar_schema("number", rules);
  }
}

template <HasFields Options>
Json options_schema(const Options& defaults) {
  Json schema = {
      {"type", "object"}, {"properties", Json::object()}, {"required", Json::array()}, {"additionalProperties", false}};
  for_each_field<Options>([&]<class T>(const Field<Options, T>& field) {
    Json property = value_schema(rules_of(field), defaults.*field.member);
    bool is_required = field.is_required;
    if constexpr (HasFields<T>) {
      is_required = is_required || !property["required"].empty();
    } else if (!is_required) {
      property["default"] = value_to_json(defaults.*field.member);
    }
    add_property(schema, field.name, field.help, std::move(property), is_required);
  });
  return schema;
}

}  // namespace alea::detail

namespace alea {

template <HasFields Options>
Options read_options(const Json& json, const std::string& pointer, ConfigErrors& errors) {
  Options out{};
  detail::read_into(json, pointer, out, errors);
  return out;
}

template <HasFields Options>
Json to_json(const Options& options) {
  Json out = Json::object();
  detail::for_each_field<Options>([&](const auto& field) { out[field.name] = detail::value_to_json(options.*field.member); });
  return out;
}

template <HasFields Options>
Json json_schema() {
  return detail::options_schema(Options{});
}

template <HasFields Options>
std::vector<std::string> field_names() {
  std::vector<std::string> out;
  detail::for_each_field<Options>([&](const auto& field) { out.emplace_back(field.name); });
  return out;
}

}  // namespace alea
