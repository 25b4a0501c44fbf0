#pragma once

#include "train/train.h"
#include "train/train_options.h"

namespace alea {

/// Cross entropy with label smoothing 0.1; accuracy on the test set goes into the manifest.
void train_classifier(const ClassifierTrainOptions& options, const Json& resolved, const TrainRequest& request);

}  // namespace alea
