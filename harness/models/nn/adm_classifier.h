#pragma once

#include <string>
#include <vector>

#include "models/nn/adm_encoder.h"

namespace alea::nn {

/// p(y | x_t, t) of arXiv:2105.05233 §4, for classifier guidance.
class AdmClassifier {
 public:
  /// Takes its parameters by their published names. Error{config} for options of which no network can be built.
  AdmClassifier(ParameterSource& source, const AdmClassifierOptions& options);

  /// x [B, in, image_size, image_size] float32, t [B] float32 in 0..T-1 -> logits [B, n_classes] float32, differentiable with
  /// respect to x. Error{shape} when they don't fit.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& t) const;

 private:
  AdmClassifierOptions options_;
  AdmEncoder encoder_;
  GroupNorm norm_out_;
  AdmAttentionPool pool_;
};

}  // namespace alea::nn
