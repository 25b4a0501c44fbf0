#pragma once

#include <functional>
#include <vector>

#include "models/weights.h"
#include "train/train_options.h"

namespace alea {

/// Everything that training must carry from step to step; what a checkpoint holds.
struct TrainState {
  WeightMap weights;          ///< float32 leaves with gradients
  WeightMap ema;              ///< averaged weights
  WeightMap first, second;    ///< AdamW's moments
  std::vector<float> losses;  ///< one a finished step: its size is the step count
  int step() const { return static_cast<int>(losses.size()); }
};

TrainState initial_state(const WeightMap& initial);

/// Warm-up then cosine: the learning rate of this step, 0-based.
double learning_rate_at(const OptimizerOptions& options, int step);

/// One optimiser step from the gradients of `loss`: backward, clip, AdamW, average. Returns the loss.
float take_step(TrainState& state, const OptimizerOptions& options, const at::Tensor& loss);

/// The weights as the network computes with them: matrices and biases in the compute dtype, norms in float32. Differentiable.
WeightMap cast_for_compute(const WeightMap& weights, const std::string& compute);

/// The checkpoint is one safetensors file, written atomically. `config_sha256` and `threads` are its metadata.
void save_checkpoint(const std::filesystem::path& path, const TrainState& state, const std::string& config_sha256);
/// Nothing when the file is absent. Error{not_comparable} when it belongs to another config. Sets the thread count that the
/// checkpoint was made with, so that the continuation is equal to the bit.
std::optional<TrainState> load_checkpoint(const std::filesystem::path& path, const std::string& config_sha256);

void write_loss_curve(const std::filesystem::path& path, const std::vector<float>& losses);

}  // namespace alea
