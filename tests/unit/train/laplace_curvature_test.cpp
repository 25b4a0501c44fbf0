#include "train/laplace_curvature.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/philox.h"

namespace alea {
namespace {

at::Tensor normals(std::uint64_t seed, at::IntArrayRef shape) {
  at::Tensor x = at::empty(shape, at::kFloat);
  fill_normal({.seed = seed}, {x.mutable_data_ptr<float>(), static_cast<std::size_t>(x.numel())});
  return x.to(at::kDouble);
}

struct Case {
  LastLayer layer;
  at::Tensor input, noise;
};

/// A 3 x 3 convolution with padding, and patches of 2 x 2.
std::vector<Case> cases() {
  return {{{normals(1, {2, 3, 3, 3}), normals(2, {2}), 1}, normals(3, {2, 3, 4, 5}), normals(4, {2, 2, 4, 5})},
          {{normals(1, {8, 3, 1, 1}), normals(2, {8}), 0, 2}, normals(3, {2, 3, 2, 3}), normals(4, {2, 2, 4, 6})}};
}

/// The layer with weights that gradients can be taken to.
LastLayer differentiable(LastLayer layer) {
  layer.weight = layer.weight.detach().clone().requires_grad_(true);
  layer.bias = layer.bias.detach().clone().requires_grad_(true);
  return layer;
}

Curvature found(const Case& c, CurvatureKind kind) {
  const at::NoGradGuard no_gradients;
  Curvature sum = no_curvature(c.layer);
  add_curvature(sum, c.layer, kind, c.input, evaluate_last_layer(c.layer, c.input) - c.noise);
  return sum;
}

void expect_near(const Curvature& a, const Curvature& b) {
  EXPECT_LT((a.weight - b.weight).abs().max().item<double>(), 1e-11 * b.weight.abs().max().item<double>());
  EXPECT_LT((a.bias - b.bias).abs().max().item<double>(), 1e-11 * b.bias.abs().max().item<double>());
}

TEST(Curvature, EmpiricalFisherIsHalfTheSquaredGradientOfEachImagesLoss) {
  for (const Case& c : cases()) {
    Curvature expected = no_curvature(c.layer);
    for (int b = 0; b < 2; ++b) {
      const LastLayer layer = differentiable(c.layer);
      const at::Tensor loss = (evaluate_last_layer(layer, c.input.narrow(0, b, 1)) - c.noise.narrow(0, b, 1)).square().sum();
      const auto gradients = torch::autograd::grad({loss}, {layer.weight, layer.bias});
      expected.weight += gradients[0].square() / 2;
      expected.bias += gradients[1].square() / 2;
    }
    expect_near(found(c, CurvatureKind::empirical_fisher), expected);
  }
}

TEST(Curvature, GaussNewtonIsTheSumOfSquaredGradientsOfEveryElementOfEps) {
  for (const Case& c : cases()) {
    Curvature expected = no_curvature(c.layer);
    const LastLayer layer = differentiable(c.layer);
    const at::Tensor eps = evaluate_last_layer(layer, c.input).flatten();
    for (std::int64_t i = 0; i < eps.numel(); ++i) {
      const auto gradients = torch::autograd::grad({eps[i]}, {layer.weight, layer.bias}, {}, /*retain_graph=*/true);
      expected.weight += gradients[0].square();
      expected.bias += gradients[1].square();
    }
    expect_near(found(c, CurvatureKind::ggn), expected);
  }
}

}  // namespace
}  // namespace alea
