#include "models/models.h"

namespace alea {

#define ALEA_MODEL(kind) ModelPlugin kind##_model();
#include "models/models.def"
#undef ALEA_MODEL

const Registry<Denoiser, const Placement&>& model_registry() {
  static const Registry<Denoiser, const Placement&> registry("model", {
#define ALEA_MODEL(kind) kind##_model(),
#include "models/models.def"
#undef ALEA_MODEL
                                                                      });
  return registry;
}

std::unique_ptr<Denoiser> make_model(const Json& resolved, const Placement& placement) {
  return model_registry().make(resolved, placement);
}

int forwards_of(const Json& resolved_model) {
  const int inner = resolved_model.contains("model") ? forwards_of(resolved_model["model"]) : 1;
  const std::string kind = resolved_model.value("kind", "");
  if (kind == "classifier_guidance") return inner + kClassifierForwards;
  return kind == "classifier_free" ? 2 * inner : inner;
}

}  // namespace alea
