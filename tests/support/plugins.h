#pragma once

#include "core/registry.h"

namespace alea::test {

/// What a command does with a config: resolve, report, make; a context that isn't given is a default one. Throws Error{config}
/// for a wrong config.
template <class Product, class... Context, class... Given>
std::unique_ptr<Product> make(const Registry<Product, Context...>& registry, const Json& config, const Given&... context) {
  ConfigErrors errors;
  const Json resolved = registry.resolve(config, "", errors);
  errors.throw_if_any("test");
  if constexpr (sizeof...(Given) == sizeof...(Context))
    return registry.make(resolved, context...);
  else
    return registry.make(resolved, std::decay_t<Context>{}...);
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
