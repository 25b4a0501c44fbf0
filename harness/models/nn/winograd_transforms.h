#pragma once

#include "models/nn/lane.h"

namespace alea::nn {

/// The one-dimensional transforms of F(m, 3) (arXiv:1509.09308 §4.1): m outputs of a 3-tap filter by m + 2 products,
/// y = output((filter g) * (input d)). Each is applied along rows and along columns.
struct WinogradTwo {
  static constexpr int kOut = 2, kTile = 4;
  static constexpr double kFilter[kTile][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};

  static void input(const Lane (&d)[kTile], Lane (&v)[kTile]) {
    v[0] = d[0] - d[2];
    v[1] = d[1] + d[2];
    v[2] = d[2] - d[1];
    v[3] = d[3] - d[1];
  }
  static void output(const Lane (&m)[kTile], Lane (&y)[kOut]) {
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] + m[3];
  }
};

/// Interpolates at 0, +-sqrt(1/2), +-sqrt(2) and infinity: in float32 half the error of the usual 0, +-1, +-2.
struct WinogradFour {
  static constexpr int kOut = 4, kTile = 6;
  static constexpr double kA = 0.70710678118654752440, kB = 1.41421356237309504880;
  static constexpr double kFilter[kTile][3] = {{1, 0, 0},
                                               {-1 / 1.5, -kA / 1.5, -0.5 / 1.5},
                                               {-1 / 1.5, kA / 1.5, -0.5 / 1.5},
                                               {1.0 / 6, kB / 6, 2.0 / 6},
                                               {1.0 / 6, -kB / 6, 2.0 / 6},
                                               {0, 0, 1}};

  static void input(const Lane (&d)[kTile], Lane (&v)[kTile]) {
    constexpr float a = kA, b = kB;
    const Lane even_a = d[4] - 2.0f * d[2], odd_a = a * d[3] - b * d[1];
    const Lane even_b = d[4] - 0.5f * d[2], odd_b = b * d[3] - a * d[1];
    v[0] = d[0] - 2.5f * d[2] + d[4];
    v[1] = even_a + odd_a;
    v[2] = even_a - odd_a;
    v[3] = even_b + odd_b;
    v[4] = even_b - odd_b;
    v[5] = d[1] - 2.5f * d[3] + d[5];
  }
  static void output(const Lane (&m)[kTile], Lane (&y)[kOut]) {
    constexpr float a = kA, b = kB;
    const Lane sum_a = m[1] + m[2], sum_b = m[3] + m[4];
    const Lane odd_a = a * (m[1] - m[2]), odd_b = b * (m[3] - m[4]);
    y[0] = m[0] + sum_a + sum_b;
    y[1] = odd_a + odd_b;
    y[2] = 0.5f * sum_a + 2.0f * sum_b;
    y[3] = 0.5f * odd_a + 2.0f * odd_b + m[5];
  }
};

}  // namespace alea::nn
