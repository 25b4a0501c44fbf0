#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "core/registry.h"
#include "models/denoiser.h"

namespace alea {

struct FeatureSpec {
  std::string name;       ///< "fmnist_cnn": part of every metric's name
  ImageShape input;       ///< images as stored
  int width = 0;          ///< of a feature vector
  int n_classes = 0;      ///< of the logits, 0 = none
  int micro_batch = 100;  ///< images a call; short tails are padded
  std::string weights_sha256;
};

/// An image classifier whose penultimate layer is the feature vector of set metrics.
class FeatureNetwork {
 public:
  virtual ~FeatureNetwork() = default;
  virtual const FeatureSpec& spec() const = 0;
  struct Output {
    at::Tensor features;  ///< [B, width] float32
    at::Tensor logits;    ///< [B, n_classes] float32, undefined where n_classes is 0
  };
  /// images: [B, c, h, w] uint8. Error{shape} for another shape.
  virtual Output evaluate(const at::Tensor& images) = 0;
};

/// Feature networks by name, from <data>/embedded/<name>.json. Error{config} with suggestions.
std::unique_ptr<FeatureNetwork> make_feature_network(const std::string& name, const std::filesystem::path& data_folder);

}  // namespace alea
