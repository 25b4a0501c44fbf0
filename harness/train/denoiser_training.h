#pragma once

#include "train/train.h"
#include "train/train_options.h"

namespace alea {

/// Noise-prediction loss |eps_theta(x_t, t) - eps|^2 averaged over elements (DDPM, arXiv:2006.11239 eq. 14).
void train_denoiser(const DenoiserTrainOptions& options, const Json& resolved, const TrainRequest& request);

}  // namespace alea
