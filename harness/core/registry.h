#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/config.h"

namespace alea {

/// One entry of a family (sampler, estimator, ...). A family's plug-in file defines one function that returns it; the
/// family's .def list names the function. Lists, not self-registering objects: those vanish from static libraries silently.
template <class Product, class... Context>
struct Plugin {
  std::string name;
  std::string summary;
  /// Config without "kind" -> the same with every default filled in; problems go to errors.
  std::function<Json(const Json&, const std::string& pointer, ConfigErrors&)> resolve;
  std::function<Json()> schema;
  std::function<std::unique_ptr<Product>(const Json& resolved, Context...)> make;
};

/// Builds a Plugin from a field table: `make` gets the parsed options and the context. Name all types, and a lambda will do:
/// make_plugin<Sampler, DdimOptions, int>("ddim", "...", [](const DdimOptions& options, int n) { ... }).
template <class Product, HasFields Options, class... Context>
Plugin<Product, Context...> make_plugin(
    std::string name, std::string summary,
    std::type_identity_t<std::function<std::unique_ptr<Product>(const Options&, Context...)>> make) {
  return {std::move(name), std::move(summary),
          [](const Json& json, const std::string& pointer, ConfigErrors& errors) {
            return to_json(read_options<Options>(json, pointer, errors));
          },
          [] { return json_schema<Options>(); },
          [make = std::move(make)](const Json& resolved, Context... context) {
            ConfigErrors errors;
            const auto options = read_options<Options>(resolved, "", errors);
            errors.throw_if_any("resolved options");
            return make(options, std::forward<Context>(context)...);
          }};
}

template <class Product, class... Context>
class Registry {
 public:
  using Entry = Plugin<Product, Context...>;

  Registry(std::string family, std::vector<Entry> entries) : family_(std::move(family)), entries_(std::move(entries)) {
    for (std::size_t i = 0; i < entries_.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        ALEA_CHECK(entries_[i].name != entries_[j].name, "{} {} is listed twice", family_, entries_[i].name);
  }

  const std::vector<Entry>& entries() const { return entries_; }

  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : entries_) out.push_back(entry.name);
    return out;
  }

  /// {"kind": K, ...} -> the same with defaults. An unknown kind or a problem inside goes to errors and an empty object comes
  /// back.
  Json resolve(const Json& json, const std::string& pointer, ConfigErrors& errors) const {
    const Entry* entry = find_in(json, pointer, errors);
    if (entry == nullptr) return Json::object();
    Json rest = json;
    rest.erase("kind");
    Json resolved = entry->resolve(rest, pointer, errors);
    resolved["kind"] = entry->name;
    return resolved;
  }

  /// From a resolved config.
  std::unique_ptr<Product> make(const Json& resolved, Context... context) const {
    ConfigErrors errors;
    const Entry* entry = find_in(resolved, "", errors);
    errors.throw_if_any("resolved " + family_);
    Json rest = resolved;
    rest.erase("kind");
    return entry->make(rest, std::forward<Context>(context)...);
  }

 private:
  const Entry* find_in(const Json& json, const std::string& pointer, ConfigErrors& errors) const {
    if (!json.is_object() || !json.contains("kind") || !json["kind"].is_string()) {
      errors.add(pointer, "needs an object with a \"kind\"" + suggestion("", names()));
      return nullptr;
    }
    const auto kind = json["kind"].template get<std::string>();
    for (const auto& entry : entries_)
      if (entry.name == kind) return &entry;
    errors.add(pointer + "/kind", "\"" + kind + "\" is not a known " + family_ + suggestion(kind, names()));
    return nullptr;
  }

  std::string family_;
  std::vector<Entry> entries_;
};

}  // namespace alea
