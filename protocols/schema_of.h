#pragma once

#include "protocols/components.h"
#include "protocols/guide.h"

namespace alea {

/// JSON Schema of a whole config file of a protocol whose options have model and sampler, and perhaps estimators and a guide.
template <HasFields Options>
Json protocol_schema(const char* protocol) {
  Json schema = json_schema<Options>();
  const auto replace = [&schema](const char* key, Json replacement) {
    replacement["description"] = schema["properties"][key].value("description", "");
    schema["properties"][key] = std::move(replacement);
  };
  replace("model", model_schema());
  replace("sampler", sampler_schema());
  if (schema["properties"].contains("estimators"))
    replace("estimators", {{"type", "array"}, {"minItems", 1}, {"items", estimator_schema()}});
  if (schema["properties"].contains("guide")) replace("guide", guide_schema());
  schema["properties"]["protocol"] = {{"enum", {protocol}}};
  schema["required"].push_back("protocol");
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = std::string("Config of the ") + protocol + " protocol";
  return schema;
}

}  // namespace alea
