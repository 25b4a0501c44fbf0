#include "models/nn/kernels.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "models/nn/fused_conv.h"
#include "models/nn/layers.h"

namespace alea::nn {
namespace {

/// Group norm and SiLU, a product of few rows, a convolution and its ReLU.
std::vector<at::Tensor> answers() {
  HashedSource source;
  const at::Tensor x = at::arange(3 * 8 * 5 * 5, at::kFloat).sin().view({3, 8, 5, 5}).contiguous(at::MemoryFormat::ChannelsLast);
  FusedConv conv(source.take("conv", {4, 8, 3, 3}, ParameterRole::matrix), source.take("bias", {4}, ParameterRole::bias), 1,
                 {1, 1});
  return {GroupNorm(source, "norm", 8, 2, 1e-5).then_silu(x), Linear(source, "linear", 200, 7).by_row(x.flatten(1)), conv(x)};
}

TEST(PortableKernels, AreOffUnlessAskedForAndWhileTheyLive) {
  const at::Tensor x = at::zeros({1});
  EXPECT_TRUE(takes_cpu_kernels(x));
  {
    const PortableKernels on;
    EXPECT_FALSE(takes_cpu_kernels(x));
    const PortableKernels off(false);
    EXPECT_TRUE(takes_cpu_kernels(x));
  }
  EXPECT_TRUE(takes_cpu_kernels(x));
  EXPECT_FALSE(takes_cpu_kernels(at::empty({1}, at::TensorOptions().device(at::kMeta))));
}

TEST(PortableKernels, AgreeWithTheCpusOwnToItsRounding) {
  const auto own = answers();
  const PortableKernels on;
  const auto portable = answers();
  for (std::size_t i = 0; i < own.size(); ++i)
    EXPECT_LT((own[i] - portable[i]).abs().max().item<float>(), 5e-6f * own[i].abs().max().item<float>()) << i;
  EXPECT_FALSE(at::equal(own[0], portable[0])) << "the switch does nothing";
}

}  // namespace
}  // namespace alea::nn
