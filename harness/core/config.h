#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/error.h"

namespace alea {

using Json = nlohmann::json;  // keys sorted: one value, one text

/// Collects everything that is wrong with a config, each with its JSON pointer, so that a user sees all of it at once.
class ConfigErrors {
 public:
  void add(std::string pointer, std::string message) { items_.emplace_back(std::move(pointer), std::move(message)); }
  bool empty() const { return items_.empty(); }
  const std::vector<std::pair<std::string, std::string>>& items() const { return items_; }
  /// Throws Error{config} "SOURCE: 2 errors\n  /sampler/steps  ...\n  ..." when there is any.
  void throw_if_any(const std::string& source) const;

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

/// The known name nearest to `name` by edit distance, if any is near enough to suggest.
std::optional<std::string> nearest_name(std::string_view name, const std::vector<std::string>& known);

/// "; did you mean "x"? (known: a, b, x)" or "; known: a, b, x".
std::string suggestion(std::string_view name, const std::vector<std::string>& known);

/// The pointer of a member, RFC 6901: "~" and "/" inside the key are escaped.
std::string child_pointer(std::string_view pointer, std::string_view key);
std::string child_pointer(std::string_view pointer, std::size_t index);

/// Parses strict JSON (no comments, no duplicate keys, no NaN, nested at most 200 deep). Error{io} if it can't be read,
/// Error{config} with line and column.
Json read_json_file(const std::filesystem::path& path);
Json parse_json(std::string_view text, const std::string& source);

/// Applies "--set /pointer=value": value is JSON, or a bare string where it isn't. Missing objects on the way are made; an
/// array takes an existing index, or "-" to append. Error{usage} for a malformed one, and then `config` is as before.
void apply_set(Json& config, std::string_view assignment);

/// sha256 (hex) of the compact dump with sorted keys.
std::string json_sha256(const Json& value);

// ---- field tables: one table an options struct drives parsing, ranges, defaults, help and schema ----

namespace detail {
template <class T>
struct Element {
  using type = T;
};
template <class T>
struct Element<std::optional<T>> : Element<T> {};
template <class T>
struct Element<std::vector<T>> : Element<T> {};

/// What is left when std::optional and std::vector are taken off: ranges are for numbers, choices for strings.
template <class T>
using ElementType = typename Element<T>::type;
template <class T>
concept Ranged = std::is_arithmetic_v<ElementType<T>> && !std::is_same_v<ElementType<T>, bool>;
template <class T>
concept Named = std::is_same_v<ElementType<T>, std::string>;
}  // namespace detail

/// A field of Options. T may be bool, std::string, an integer, float or double, Json (an object or array, passed through), an
/// options struct with its own table, and std::optional or std::vector of those. Ranges and choices hold for each element of a
/// vector. A nested struct starts from the default that its member has in the outer one. The default is the member's own
/// initialiser unless required() was said.
template <class Options, class T>
struct Field {
  const char* name;
  T Options::*member;
  const char* help;
  std::optional<double> low = {}, high = {};
  std::vector<std::string> choices = {};
  bool is_required = false;

  Field range(double from, double to) const requires detail::Ranged<T> {
    Field f = *this;
    f.low = from;
    f.high = to;
    return f;
  }
  Field one_of(std::vector<std::string> names) const requires detail::Named<T> {
    Field f = *this;
    f.choices = std::move(names);
    return f;
  }
  Field required() const {
    Field f = *this;
    f.is_required = true;
    return f;
  }
};

template <class Options, class T>
Field<Options, T> field(const char* name, T Options::*member, const char* help) {
  return {name, member, help};
}

/// Specialise with `static auto table() { return std::tuple{field(...), ...}; }`.
template <class Options>
struct Fields;

template <class T>
concept HasFields = requires {
  Fields<T>::table();
};

/// Reads `json` into Options, adding every problem to `errors`: unknown key (with suggestion), missing required key, wrong type,
/// out of range.
template <HasFields Options>
Options read_options(const Json& json, const std::string& pointer, ConfigErrors& errors);

/// Every field, defaults filled in: what is stored and hashed.
template <HasFields Options>
Json to_json(const Options& options);

/// JSON Schema (2020-12 subset: type, properties, required, additionalProperties, minimum, maximum, enum, default, description).
template <HasFields Options>
Json json_schema();

/// Names of the fields in the order of the table, for suggestions and help.
template <HasFields Options>
std::vector<std::string> field_names();

/// Of any schema that json_schema made, one line a field for people: "  /sampler/steps  integer  50  1 to 1000  meaning".
/// "*" stands for an index; "required" for a default.
std::string schema_help(const Json& schema);
template <HasFields Options>
std::string field_help() {
  return schema_help(json_schema<Options>());
}

}  // namespace alea

#include "core/config_fields.h"  // the templates' bodies
