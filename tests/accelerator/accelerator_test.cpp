#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <unistd.h>

#include <cerrno>

#include "tests/accelerator/device.h"

namespace alea::test {
namespace {

/// 0, or the errno with which the system refuses to read a byte from there.
int error_of_reading(const void* address) {
  int ends[2];
  if (pipe(ends) != 0) return errno;
  const int error = write(ends[1], address, 1) == 1 ? 0 : errno;
  close(ends[0]);
  close(ends[1]);
  return error;
}

at::Tensor numbers() { return at::arange(24, at::kFloat).view({2, 3, 2, 2}); }

TEST(Accelerator, KeepsWhatIsMovedThereAndBack) {
  const at::Tensor x = numbers().contiguous(at::MemoryFormat::ChannelsLast), there = x.to(accelerator());
  EXPECT_EQ(there.device(), accelerator());
  EXPECT_EQ(there.strides(), x.strides());
  EXPECT_TRUE(at::equal(there.cpu(), x));
  EXPECT_TRUE(at::equal(there.permute({3, 1, 0, 2}).narrow(1, 1, 2).to(at::kDouble).cpu(),
                        x.permute({3, 1, 0, 2}).narrow(1, 1, 2).to(at::kDouble)));
}

TEST(Accelerator, MemoryIsClosedToEverybodyButItsKernels) {
  const at::Tensor there = numbers().to(accelerator()), product = there * 2;
  EXPECT_EQ(error_of_reading(there.const_data_ptr()), EFAULT);
  EXPECT_EQ(error_of_reading(product.const_data_ptr()), EFAULT);
  EXPECT_EQ(error_of_reading(product.cpu().const_data_ptr()), 0);
  EXPECT_TRUE(at::equal(product.cpu(), numbers() * 2));
}

TEST(Accelerator, NewMemoryHoldsNoNumbers) {
  const auto options = at::TensorOptions().device(accelerator());
  { const at::Tensor used = at::ones({64}, options); }
  EXPECT_TRUE(at::empty({64}, options).isnan().all().item<bool>());
}

TEST(Accelerator, TensorsOfTwoDevicesDoNotMix) {
  const at::Tensor here = numbers(), there = here.to(accelerator()), weight = at::ones({4, 3, 1, 1});
  EXPECT_THROW(here + there, c10::Error);
  EXPECT_THROW(at::cat({there, here}), c10::Error);
  EXPECT_THROW(at::conv2d(there, weight), c10::Error);
  EXPECT_THROW(at::linear(there.flatten(1), at::ones({5, 12})), c10::Error);
  EXPECT_THROW(there.index_select(0, at::tensor({0, 1}, at::kLong)), c10::Error);
  EXPECT_THROW(at::group_norm(there, 3, at::ones({3})), c10::Error);
  EXPECT_NO_THROW(there + at::scalar_tensor(2.0f));
}

TEST(Accelerator, GradientsAreThoseOfTheCpu) {
  const auto gradient = [](const at::Tensor& x, const at::Tensor& weight) {
    const at::Tensor leaf = x.detach().requires_grad_(true);
    const at::Tensor h = at::silu(at::group_norm(at::conv2d(leaf, weight, {}, 1, 1), 2)).flatten(2).transpose(1, 2).unsqueeze(1);
    const at::Tensor y = at::log_softmax(at::scaled_dot_product_attention(h, h, h), 3).mean();
    return torch::autograd::grad({y}, {leaf}).front();
  };
  const at::Tensor x = numbers().sin().contiguous(at::MemoryFormat::ChannelsLast),
                   weight = at::arange(8 * 27, at::kFloat).cos().view({8, 3, 3, 3});
  const at::Tensor there = gradient(x.to(accelerator()), weight.to(accelerator())), here = gradient(x, weight);
  EXPECT_EQ(there.device(), accelerator());
  EXPECT_TRUE(at::equal(there.cpu(), here));
  EXPECT_GT(here.abs().max().item<float>(), 0);
}

}  // namespace
}  // namespace alea::test
