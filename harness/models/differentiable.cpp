#include "models/differentiable.h"

namespace alea {

std::string why_not_differentiable(const Json& resolved_model) {
  const std::string kind = resolved_model.value("kind", "");
  if (kind == "exported")
    return "an exported module is evaluated without gradients; take the network's own kind (alea list models)";
  if (kind == "classifier_guidance")
    return "classifier guidance is itself a gradient, and second derivatives aren't kept; take the model inside it";
  return resolved_model.contains("model") ? why_not_differentiable(resolved_model["model"]) : "";
}

}  // namespace alea
