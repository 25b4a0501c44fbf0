#include "models/nn/fused_conv.h"

#include <ATen/Functions.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include "models/nn/kernels.h"

namespace alea::nn {
namespace {

/// The fused kernel has no C++ name of its own: it is looked up by its schema, absent in builds without oneDNN.
std::optional<c10::OperatorHandle> fused_kernel() {
  static const auto found = c10::Dispatcher::singleton().findSchema({"mkldnn::_convolution_pointwise", ""});
  return found;
}

}  // namespace

FusedConv::FusedConv(at::Tensor weight, at::Tensor bias, int stride, Extent2d padding)
    : weight_(weight.contiguous(at::MemoryFormat::ChannelsLast)), bias_(bias.contiguous()), stride_(stride), padding_(padding) {}

at::Tensor FusedConv::operator()(const at::Tensor& x) {
  const std::vector<std::int64_t> padding = {padding_.first, padding_.second}, stride = {stride_, stride_}, dilation = {1, 1};
  const auto kernel = fused_kernel();
  if (!kernel || !takes_cpu_kernels(x)) return at::conv2d(x, weight_, bias_, stride, padding).relu_();
  if (packed_for_ != x.sizes()) {
    packed_for_ = x.sizes().vec();
    packed_ = at::mkldnn_reorder_conv2d_weight(weight_.contiguous().to_mkldnn(), padding, stride, dilation, 1, packed_for_);
  }
  torch::jit::Stack stack;
  const c10::List<std::optional<at::Scalar>> no_scalars;
  torch::jit::push(stack, x, packed_, bias_, padding, stride, dilation, std::int64_t{1}, "relu", no_scalars,
                   std::optional<std::string>());
  kernel->callBoxed(&stack);
  return stack.front().toTensor();
}

}  // namespace alea::nn
