#include "train/optimizer.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

namespace alea {
namespace {

OptimizerOptions options() {
  return {.steps = 100,
          .learning_rate = 0.1,
          .beta1 = 0.9,
          .beta2 = 0.99,
          .weight_decay = 0.5,
          .warm_up = 10,
          .gradient_norm = 0,
          .ema = 0.999};
}

TEST(LearningRate, WarmsUpLinearlyThenFallsAsACosineToZero) {
  const auto o = options();
  EXPECT_DOUBLE_EQ(learning_rate_at(o, 0), 0.01);
  EXPECT_DOUBLE_EQ(learning_rate_at(o, 9), 0.1);
  EXPECT_DOUBLE_EQ(learning_rate_at(o, 10), 0.1);
  EXPECT_NEAR(learning_rate_at(o, 55), 0.05, 1e-12);
  EXPECT_LT(learning_rate_at(o, 99), 1e-4);
}

/// AdamW written out for one number: decay, moments, bias correction.
TEST(TakeStep, IsAdamWAndAveragesTheWeights) {
  const auto o = options();
  auto state = initial_state({{"w", at::full({1}, 2.0f)}});
  double w = 2, m = 0, v = 0, average = 2;
  for (int step = 0; step < 5; ++step) {
    take_step(state, o, state.weights["w"].pow(2).sum());
    const double rate = learning_rate_at(o, step), gradient = 2 * w;
    m = 0.9 * m + 0.1 * gradient;
    v = 0.99 * v + 0.01 * gradient * gradient;
    w -= rate * o.weight_decay * w;
    w -= rate * (m / (1 - std::pow(0.9, step + 1))) / (std::sqrt(v / (1 - std::pow(0.99, step + 1))) + o.epsilon);
    const double decay = std::min(o.ema, (1.0 + step) / (10.0 + step));
    average = decay * average + (1 - decay) * w;
    EXPECT_NEAR(state.weights["w"].item<double>(), w, 1e-5) << "step " << step;
    EXPECT_NEAR(state.ema["w"].item<double>(), average, 1e-5) << "step " << step;
  }
  EXPECT_EQ(state.step(), 5);
}

TEST(TakeStep, ClipsTheGlobalGradientNorm) {
  auto o = options();
  o.gradient_norm = 1;
  auto state = initial_state({{"a", at::full({1}, 3.0f)}, {"b", at::full({1}, 4.0f)}});
  take_step(state, o, (state.weights["a"] * 30 + state.weights["b"] * 40).sum());
  EXPECT_NEAR(state.first["a"].item<double>(), 0.1 * 0.6, 1e-6);
  EXPECT_NEAR(state.first["b"].item<double>(), 0.1 * 0.8, 1e-6);
}

TEST(TakeStep, NamesTheStepWhenTheLossIsNotFinite) {
  auto state = initial_state({{"w", at::full({1}, 1.0f)}});
  EXPECT_THROW(take_step(state, options(), state.weights["w"].sum() * std::numeric_limits<float>::infinity()), Error);
}

TEST(CastForCompute, LeavesNormsInFloat32AndKeepsGradients) {
  auto state = initial_state({{"conv.weight", at::ones({2, 2, 3, 3})}, {"norm1.weight", at::ones({2})}});
  const auto cast = cast_for_compute(state.weights, "bfloat16");
  EXPECT_EQ(cast.at("conv.weight").scalar_type(), at::kBFloat16);
  EXPECT_EQ(cast.at("norm1.weight").scalar_type(), at::kFloat);
  EXPECT_TRUE(cast.at("conv.weight").requires_grad());
}

}  // namespace
}  // namespace alea
