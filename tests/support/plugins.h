#pragma once

#include "core/registry.h"

namespace alea::test {

/// What a command does with a config: resolve, report, make. Throws Error{config} for a wrong one.
template <class Product, class... Context>
std::unique_ptr<Product> make(const Registry<Product, Context...>& registry, const Json& config, Context... context) {
  ConfigErrors errors;
  const Json resolved = registry.resolve(config, "", errors);
  errors.throw_if_any("test");
  return registry.make(resolved, context...);
}

/// The code of the Error that `action` throws; Error{internal} text of its own when it throws none.
template <class Action>
ErrorCode code_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  fail(ErrorCode::internal, "expected an Error, none was thrown");
}

}  // namespace alea::test
