#pragma once

#include <string>
#include <vector>

#include "models/nn/adm_encoder.h"

namespace alea::nn {

class AdmUnet {
 public:
  /// Takes its parameters by their published names. The residual blocks' convolutions decide the compute dtype; norms, embeddings
  /// of time and class, first and last convolution are in float32 (ParameterSource::in_float32). Error{config} for options of
  /// which no network can be built.
  AdmUnet(ParameterSource& source, const AdmUnetOptions& options);

  /// x [B, in, H, W] float32, t [B] float32 in 0..T-1, labels [B] int64 below num_classes (undefined without classes) -> [B, out,
  /// H, W] float32, which is eps and then, with a learned variance, v (arXiv:2102.09672 eq. 15). H and W divisible by
  /// 2^(levels-1). Error{shape} when they don't fit. `last_layer_input`, where one is given, becomes what last_layer() takes.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& t, const at::Tensor& labels, const DropoutSites& dropout,
                     at::Tensor* last_layer_input = nullptr) const;
  LastLayer last_layer() const { return last_layer_of(conv_out_); }

  /// Names by site number, one a residual block in order of evaluation. Attention has none.
  const std::vector<std::string>& dropout_sites() const { return sites_; }

 private:
  void add_output_block(const AdmParts& parts, std::size_t level, int in, bool is_last_of_level);
  at::Tensor embed(const at::Tensor& t, const at::Tensor& labels) const;

  AdmUnetOptions options_;
  std::vector<std::string> sites_;
  AdmEncoder encoder_;
  at::Tensor label_embedding_;  ///< [classes, 4 * model_channels]
  std::vector<AdmStage> output_;
  GroupNorm norm_out_;
  Conv2d conv_out_;
};

}  // namespace alea::nn
