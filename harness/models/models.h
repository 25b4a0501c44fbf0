#pragma once

#include "core/registry.h"
#include "models/denoiser.h"

namespace alea {

/// Denoisers by kind, from models.def: {"kind": "ddpm_unet", "manifest": "embedded/fmnist_denoiser.json"}.
const Registry<Denoiser>& model_registry();

/// DenoiserSpec::forwards of a resolved config, without loading anything.
int forwards_of(const Json& resolved_model);

}  // namespace alea
