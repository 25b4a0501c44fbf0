#pragma once

// g++ 12 sees overlapping copies in std::string's insert wherever it inlines it (GCC bug 105329).
#pragma GCC diagnostic ignored "-Wrestrict"

#include <string>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "core/config.h"

namespace alea {

/// Empty when `json` matches `schema_json`, else what doesn't, with its place.
inline std::string schema_problems(const Json& schema_json, const Json& json) {
  valijson::Schema schema;
  valijson::SchemaParser parser;
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_json), schema);
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(schema, valijson::adapters::NlohmannJsonAdapter(json), &results)) return "";
  std::string out = "problems:";
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    out += "\n  ";
    for (const std::string& part : error.context) out += part;
    out += "  ";
    out += error.description;
  }
  return out;
}

}  // namespace alea
