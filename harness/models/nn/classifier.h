#pragma once

#include <string>
#include <vector>

#include "core/config.h"
#include "models/nn/layers.h"

namespace alea::nn {

/// Small image classifiers; the penultimate layer is the feature vector.
/// plain: conv-norm-relu and max pool at the first width, [conv-norm-relu x2, max pool] at each inner one, conv-norm-relu x2 at
/// the last, global average.
/// residual: a strided stem, then per width two pre-activation residual blocks, global average.
struct ClassifierOptions {
  std::string kind = "plain";
  int channels = 1;
  int n_classes = 10;
  std::vector<int> widths = {32, 64, 128};
  int norm_groups = 8;
};

class Classifier {
 public:
  Classifier(ParameterSource& source, const ClassifierOptions& options);

  struct Output {
    at::Tensor features;  ///< [B, widths.back()] float32
    at::Tensor logits;    ///< [B, n_classes] float32
  };
  /// x [B, channels, H, W] float32 in [-1, 1].
  Output forward(const at::Tensor& x) const;

 private:
  struct Layer {
    Conv2d conv;
    GroupNorm norm;
    bool pool_after = false;
  };
  at::Tensor forward_plain(at::Tensor h) const;
  at::Tensor forward_residual(at::Tensor h) const;
  void add_layer(ParameterSource& source, int in, int out, int stride, bool norm_input, bool pool_after);

  ClassifierOptions options_;
  std::vector<Layer> layers_;
  std::vector<Conv2d> shortcuts_;
  Linear head_;
};

}  // namespace alea::nn

namespace alea {
template <>
struct Fields<nn::ClassifierOptions> {
  static auto table() {
    using O = nn::ClassifierOptions;
    return std::tuple{field("kind", &O::kind, "architecture").one_of({"plain", "residual"}),
                      field("channels", &O::channels, "of the image").range(1, 16),
                      field("n_classes", &O::n_classes, "of the labels").range(2, 100000),
                      field("widths", &O::widths, "channels by resolution; the last is the feature width"),
                      field("norm_groups", &O::norm_groups, "groups of every group norm").range(1, 1024)};
  }
};
}  // namespace alea
