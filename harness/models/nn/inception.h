#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "models/weights.h"

namespace alea::nn {

inline constexpr int kInceptionClasses = 1008;
inline constexpr int kInceptionSpatialWidth = 17 * 17 * 7;

struct InceptionOptions {
  int layer = 2048;                    ///< 64, 192, 768 or 2048: after the first and second max pool, Mixed_6e, Mixed_7c
  bool logits_bias = false;            ///< of the classifier
  bool train_mode_batch_norm = false;  ///< the batch's own statistics instead of the stored ones
};

/// The Inception-v3 of FID: the TensorFlow graph of 2015-12-05 with torchvision's parameter names. Its average pools leave out
/// the padding, Mixed_7c pools by maximum (an error of the graph that every FID has kept), batch norm has eps 1e-3. Batch norm is
/// folded into the convolutions where it uses stored statistics.
class Inception {
 public:
  Inception(ParameterSource& source, const InceptionOptions& options);
  ~Inception();

  struct Output {
    at::Tensor features;  ///< [B, layer]: means over all places
    at::Tensor logits;    ///< [B, 1008], undefined where layer isn't 2048
    at::Tensor
        spatial;  ///< [B, 2023]: first 7 channels of Mixed_6d's 1x1 branch, channel fastest; undefined where layer isn't 2048
  };
  /// x [B, 3, 299, 299] float32 in about -1..1.
  Output forward(const at::Tensor& x);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace alea::nn
