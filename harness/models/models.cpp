#include "models/models.h"

namespace alea {

#define ALEA_MODEL(kind) Plugin<Denoiser> kind##_model();
#include "models/models.def"
#undef ALEA_MODEL

const Registry<Denoiser>& model_registry() {
  static const Registry<Denoiser> registry("model", {
#define ALEA_MODEL(kind) kind##_model(),
#include "models/models.def"
#undef ALEA_MODEL
                                                    });
  return registry;
}

}  // namespace alea
