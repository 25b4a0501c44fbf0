#pragma once

#include <filesystem>
#include <functional>

#include "core/config.h"

namespace alea {

struct TrainRequest {
  Json config;
  std::string source;             ///< file that the config came from, for errors
  std::filesystem::path out;      ///< folder of checkpoint, weights, manifest, loss curve, pictures
  std::function<bool()> stopped;  ///< polled between steps: true ends with a checkpoint and Error{interrupted}
};

/// Trains what the config says ("train": "denoiser" or "classifier"), or goes on where the folder's checkpoint stands;
/// "laplace": see laplace_fit.h. Writes checkpoint.safetensors, <name>.safetensors (16-bit float, averaged weights), <name>.json
/// (manifest), loss.csv and, for denoisers, samples.png. Error{config}, Error{io}, Error{not_comparable} for a folder of another
/// config.
void train(const TrainRequest& request);

/// Every problem of a training config at once; the config with its defaults.
Json resolve_train_config(const Json& config, const std::string& source);

}  // namespace alea
