#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "models/weights.h"

namespace alea::nn {

inline constexpr int kVgg16Width = 4096;

/// VGG16 (Simonyan & Zisserman 2014, arXiv:1409.1556, configuration D) up to its second linear layer, with torchvision's
/// parameter names.
class Vgg16 {
 public:
  explicit Vgg16(ParameterSource& source);
  ~Vgg16();
  /// x [B, 3, 224, 224] float32 -> [B, 4096], before the ReLU of the second linear layer ("fc2") or after it.
  at::Tensor forward(const at::Tensor& x, bool relu);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace alea::nn
