#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/encoder_options.h"
#include "models/feature_network.h"

namespace alea {

/// What /network of EncoderOptions may name beside the embedded networks.
const std::vector<std::string>& encoder_names();

/// Reads and checks the weights and builds the network. Error{config} for options that don't go together, Error{io} or
/// Error{data} for the file (with where to get the published one and its sha256 from data/manifests).
std::unique_ptr<FeatureNetwork> make_encoder(const EncoderOptions& options);

}  // namespace alea
