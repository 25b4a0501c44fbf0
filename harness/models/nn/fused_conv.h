#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>

#include "models/weights.h"

namespace alea::nn {

/// Extents along height and width.
using Extent2d = std::pair<std::int64_t, std::int64_t>;

/// A convolution and its ReLU in one pass over channels-last memory, where the processor's library has such a kernel; its weights
/// are laid out for the first input's extent, so that one object serves one network at one batch size.
class FusedConv {
 public:
  FusedConv() = default;
  /// weight [out, in, kh, kw], bias [out] float32.
  FusedConv(at::Tensor weight, at::Tensor bias, int stride, Extent2d padding);
  at::Tensor operator()(const at::Tensor& x);

 private:
  at::Tensor weight_, packed_, bias_;
  std::int64_t stride_ = 1;
  Extent2d padding_;
  std::vector<std::int64_t> packed_for_;
};

}  // namespace alea::nn
