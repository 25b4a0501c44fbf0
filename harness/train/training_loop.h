#pragma once

#include <functional>

#include "train/optimizer.h"
#include "train/train.h"

namespace alea {

struct TrainingLoop {
  std::string what;  ///< for the progress bar
  const OptimizerOptions& optimizer;
  int checkpoint_every = 100;
  std::function<WeightMap()> initial;                     ///< weights of step 0
  std::function<at::Tensor(const WeightMap&, int)> loss;  ///< of this step, from the weights as computed with
};

/// Steps from the folder's checkpoint (or from the start) to the end, with a checkpoint every so often and at a stop.
TrainState run_training(const TrainingLoop& loop, const Json& resolved, const TrainRequest& request);

}  // namespace alea
