// Convolutions, attention and the gradient of group norm of the test accelerator, for which torch has paths of their own for
// devices that aren't the CPU.

#include <ATen/native/transformers/attention.h>
#include <ATen/native/transformers/sdp_utils_cpp.h>
#include <ATen/ops/_fused_sdp_choice.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_backward.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/native_group_norm_backward.h>
#include <torch/library.h>

#include "tests/accelerator/host_views.h"

namespace alea::test {
namespace {

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                       at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                       at::IntArrayRef output_padding, std::int64_t groups) {
  return on_host("convolution", {x, weight, bias.value_or(at::Tensor())}, [&](const std::vector<at::Tensor>& seen) {
    return at::convolution(seen[0], seen[1], seen[2], stride, padding, dilation, transposed, output_padding, groups);
  });
}

using Three = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

Three convolution_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight, at::IntArrayRef stride,
                           at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed, at::IntArrayRef output_padding,
                           std::int64_t groups, std::array<bool, 3> wanted) {
  HostViews views("convolution_backward");
  const at::Tensor g = views.of(gradient), input = views.of(x), w = views.of(weight);
  views.open();
  const std::vector<std::int64_t> bias{transposed ? w.size(1) * groups : w.size(0)};
  const auto [to_x, to_weight, to_bias] = at::convolution_backward(g, input, w, at::OptionalIntArrayRef(bias), stride, padding,
                                                                   dilation, transposed, output_padding, groups, wanted);
  return {onto_accelerator(to_x), onto_accelerator(to_weight), onto_accelerator(to_bias)};
}

/// torch hands a device contiguous tensors where it hands the CPU channels-last ones, whose sums run in another order. Networks
/// are channels-last, so that is what they are again.
Three group_norm_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& mean, const at::Tensor& inverse_std,
                          const std::optional<at::Tensor>& scale, std::int64_t batch, std::int64_t channels, std::int64_t pixels,
                          std::int64_t groups, std::array<bool, 3> wanted) {
  const auto format = x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  HostViews views("group_norm_backward");
  const at::Tensor g = views.of(gradient), input = views.of(x), m = views.of(mean), s = views.of(inverse_std),
                   weight = views.of(scale.value_or(at::Tensor()));
  views.open();
  const auto [to_x, to_scale, to_shift] = at::native_group_norm_backward(g.contiguous(format), input.contiguous(format), m, s,
                                                                         weight.defined() ? std::optional(weight) : std::nullopt,
                                                                         batch, channels, pixels, groups, wanted);
  return {onto_accelerator(to_x), onto_accelerator(to_scale), onto_accelerator(to_shift)};
}

/// As the CPU chooses, so that the bits are its own.
std::int64_t choose_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              const std::optional<at::Tensor>& mask, double p, bool causal, std::optional<double> scale,
                              bool grouped) {
  HostViews views("attention");
  const at::Tensor queries = views.of(q), keys = views.of(k), values = views.of(v), bias = views.of(mask.value_or(at::Tensor()));
  views.open();
  const auto choice = at::_fused_sdp_choice(queries, keys, values, bias.defined() ? std::optional(bias) : std::nullopt, p, causal,
                                            scale, grouped);
  return static_cast<std::int64_t>(choice == static_cast<std::int64_t>(sdp::SDPBackend::flash_attention)
                                       ? sdp::SDPBackend::overrideable
                                       : sdp::SDPBackend::math);
}

using Attention =
    std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, c10::SymInt, c10::SymInt, at::Tensor, at::Tensor, at::Tensor>;

Attention attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::optional<at::Tensor>& mask,
                    double p, bool causal, bool, std::optional<double> scale) {
  TORCH_CHECK(!mask || !mask->defined(), "attention: masks aren't here yet");
  HostViews views("attention");
  const at::Tensor queries = views.of(q), keys = views.of(k), values = views.of(v);
  views.open();
  const auto [out, logsumexp] = at::_scaled_dot_product_flash_attention_for_cpu(queries, keys, values, p, causal, {}, scale);
  return {onto_accelerator(out), onto_accelerator(logsumexp), {}, {}, q.size(2), k.size(2), {}, {}, {}};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> attention_backward(
    const at::Tensor& gradient, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor&,
    std::array<bool, 4>, const at::Tensor& out, const at::Tensor& logsumexp, const at::Tensor&, const at::Tensor&, c10::SymInt,
    c10::SymInt, double p, bool causal, const at::Tensor&, const at::Tensor&, std::optional<double> scale) {
  HostViews views("attention_backward");
  const at::Tensor g = views.of(gradient), queries = views.of(q), keys = views.of(k), values = views.of(v), o = views.of(out),
                   l = views.of(logsumexp);
  views.open();
  const auto [to_q, to_k, to_v] =
      at::_scaled_dot_product_flash_attention_for_cpu_backward(g, queries, keys, values, o, l, p, causal, {}, scale);
  return {onto_accelerator(to_q), onto_accelerator(to_k), onto_accelerator(to_v), {}};
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("convolution_overrideable", &convolution);
  m.impl("convolution_backward_overrideable", &convolution_backward);
  m.impl("native_group_norm_backward", &group_norm_backward);
  m.impl("_scaled_dot_product_fused_attention_overrideable", &attention);
  m.impl("_scaled_dot_product_fused_attention_overrideable_backward", &attention_backward);
}

}  // namespace
}  // namespace alea::test

namespace at::native {
REGISTER_PRIVATEUSE1_DISPATCH(_fused_sdp_choice_stub, &alea::test::choose_attention)
}  // namespace at::native
