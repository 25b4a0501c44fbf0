#pragma once

#include "train/laplace_options.h"
#include "train/train.h"

namespace alea {

/// Diagonal Laplace approximation of a denoiser's last layer on its own training images (BayesDiff, arXiv:2310.11142,
/// section 3.3): one time and one noise an image. Writes checkpoint.safetensors every so many images, <name>.safetensors
/// (LaplaceFit) and <name>.json. A finished fit of the same weights, images and options is left as it is; of others:
/// Error{not_comparable}. Error{config} for a model that doesn't end in a layer that it says.
void fit_laplace(const LaplaceFitOptions& options, const Json& resolved, const TrainRequest& request);

/// What can be objected to a fit of this model without loading it; the model with its defaults.
Json resolve_fitted_model(const Json& model, ConfigErrors& errors);

}  // namespace alea
