#include "samplers/samplers.h"

namespace alea {

#define ALEA_SAMPLER(kind) Plugin<SamplerFactory, const SamplerContext&> kind##_sampler();
#include "samplers/samplers.def"
#undef ALEA_SAMPLER

const Registry<SamplerFactory, const SamplerContext&>& sampler_registry() {
  static const Registry<SamplerFactory, const SamplerContext&> registry("sampler", {
#define ALEA_SAMPLER(kind) kind##_sampler(),
#include "samplers/samplers.def"
#undef ALEA_SAMPLER
                                                                                   });
  return registry;
}

}  // namespace alea
