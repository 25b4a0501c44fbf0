#pragma once

#include <ATen/ops/full.h>

#include "models/denoiser.h"
#include "tests/support/process.h"
#include "uncertainty/laplace.h"

namespace alea::test {

/// A Laplace fit with equal curvatures everywhere and prior precision 1, in a file.
class ToyFit {
 public:
  /// Of a toy's identity layer.
  ToyFit(int channels, double weight_curvature, double bias_curvature, const std::string& weights_sha256 = "")
      : ToyFit({at::full({channels, channels, 1, 1}, weight_curvature, at::kFloat),
                at::full({channels}, bias_curvature, at::kFloat)},
               weights_sha256) {}
  /// Of the model's own last layer.
  ToyFit(const Denoiser& model, double weight_curvature, double bias_curvature)
      : ToyFit(like(model.last_layer().value(), weight_curvature, bias_curvature), model.spec().weights_sha256) {}
  std::string path() const { return (folder_ / "toy.safetensors").string(); }

 private:
  using Curvatures = std::pair<at::Tensor, at::Tensor>;  ///< of weight and bias

  ToyFit(const Curvatures& curvatures, const std::string& weights_sha256) {
    save_laplace_fit(path(), {.weight_curvature = curvatures.first,
                              .bias_curvature = curvatures.second,
                              .facts = {{"weights_sha256", weights_sha256}}});
  }
  static Curvatures like(const LastLayer& layer, double weight_curvature, double bias_curvature) {
    return {at::full(layer.weight.sizes(), weight_curvature, at::kFloat), at::full(layer.bias.sizes(), bias_curvature, at::kFloat)};
  }

  testing::TemporaryFolder folder_;
};

}  // namespace alea::test
