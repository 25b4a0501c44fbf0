#pragma once

#include "models/last_layer.h"

namespace alea {

/// Diagonals of the curvature of sum_n |eps(x_n) - noise_n|^2 / 2 in the weights of the last layer, J_n being the Jacobian of eps
/// and r_n = eps - noise:
///   ggn               sum_n diag(J_n^T J_n), which the residuals don't enter;
///   empirical_fisher  sum_n 2 (J_n^T r_n)^2, element by element, with the factor of BayesDiff's released code.
enum class CurvatureKind { ggn, empirical_fisher };

/// Sums over images, float64, shaped as the layer's weight and bias.
struct Curvature {
  at::Tensor weight, bias;
};

Curvature no_curvature(const LastLayer& layer);

/// Adds B images one after the other. input: [B, D, h, w], what the layer saw; residual: [B, C, H, W], eps - noise.
void add_curvature(Curvature& sum, const LastLayer& layer, CurvatureKind kind, const at::Tensor& input,
                   const at::Tensor& residual);

}  // namespace alea
