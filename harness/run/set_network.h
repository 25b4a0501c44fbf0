#pragma once

#include <memory>
#include <string>

#include "core/config.h"
#include "models/encoder_options.h"
#include "models/feature_network.h"

namespace alea {

/// A feature network with what it is called and what identifies its features.
struct SetNetwork {
  std::unique_ptr<FeatureNetwork> network;
  std::string name;         ///< part of metric names; empty: the published Inception weights at their last layer
  Json facts;               ///< network, weights_sha256, preprocessing
  std::string fingerprint;  ///< sha256 of facts: features of unlike fingerprints don't compare
};

/// A network of one channel that takes RGB images too, whose channels must be equal: Error{shape} for one in colour.
std::unique_ptr<FeatureNetwork> taking_grey_rgb(std::unique_ptr<FeatureNetwork> network);

/// An encoder (models/encoder.h), or an embedded network, which takes grey images of its own extent.
SetNetwork make_set_network(const EncoderOptions& options);

/// An embedded network by its name, or "inception": the published weights from the folder of weights, as pytorch-fid feeds them.
/// Error{config} for an unknown name, Error{io} with the command that fetches the weights.
SetNetwork make_named_network(const std::string& network);

}  // namespace alea
