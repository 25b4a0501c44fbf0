#include "samplers/start_points.h"

#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <cmath>

namespace alea {
namespace {

TEST(PhiloxStart, ClassesAreUniform) {
  constexpr int kClasses = 5, kIds = 5000;
  const Ids ids = consecutive_ids(kIds);
  const at::Tensor labels = PhiloxStart(1, {1, 1, 1}, kClasses).labels(ids);
  for (int label = 0; label < kClasses; ++label)
    EXPECT_NEAR((labels == label).sum().item<std::int64_t>(), kIds / kClasses, 4 * std::sqrt(kIds * 0.2 * 0.8));
  EXPECT_EQ(labels.min().item<std::int64_t>(), 0);
  EXPECT_EQ(labels.max().item<std::int64_t>(), kClasses - 1);
}

}  // namespace
}  // namespace alea
