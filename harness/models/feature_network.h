#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>

#include "core/registry.h"
#include "models/denoiser.h"

namespace alea {

struct FeatureSpec {
  std::string name;       ///< "fmnist_cnn", "inception": part of every metric's name
  ImageShape input;       ///< images as stored; height and width 0: any
  int width = 0;          ///< of a feature vector
  int n_classes = 0;      ///< of the logits, 0 = none
  int spatial_width = 0;  ///< of the spatial features of sFID, 0 = none
  int micro_batch = 100;  ///< images a call; short tails are padded
  std::string weights_sha256;
  Json preprocessing = Json::object();  ///< resize, normalisation, layer, quirks: what a fingerprint and a cache key must hold
};

/// An image classifier one of whose layers is the feature vector of set metrics.
class FeatureNetwork {
 public:
  virtual ~FeatureNetwork() = default;
  virtual const FeatureSpec& spec() const = 0;
  struct Output {
    at::Tensor features;  ///< [B, width] float32
    at::Tensor logits;    ///< [B, n_classes] float32, undefined where n_classes is 0
    at::Tensor spatial;   ///< [B, spatial_width] float32, undefined where spatial_width is 0
  };
  /// images: [B, c, h, w] uint8 of one extent -> what forward takes, all of one extent, so that images of mixed sizes can share a
  /// batch. Error{shape} for another shape.
  virtual at::Tensor prepare(const at::Tensor& images) = 0;
  virtual Output forward(const at::Tensor& prepared) = 0;
  Output evaluate(const at::Tensor& images) { return forward(prepare(images)); }
};

/// Feature networks by name, from <data>/embedded/<name>.json. Error{config} with suggestions.
std::unique_ptr<FeatureNetwork> make_feature_network(const std::string& name, const std::filesystem::path& data_folder);

}  // namespace alea
