#pragma once

#include "core/registry.h"
#include "models/denoiser.h"

namespace alea {

/// Denoisers by kind, from models.def: {"kind": "ddpm_unet", "manifest": "embedded/fmnist_denoiser.json"}.
const Registry<Denoiser>& model_registry();

}  // namespace alea
