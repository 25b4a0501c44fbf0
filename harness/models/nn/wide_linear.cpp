#include "models/nn/wide_linear.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <utility>

#include "models/nn/kernels.h"
#include "models/nn/lane.h"
#include "models/nn/panels.h"

namespace alea::nn {
namespace {

constexpr std::int64_t kRowsAtOnce = 128;  ///< of x, near the processor while they meet a panel

using Square = Lane[kLane];

/// Swaps the off-diagonal blocks of `size` rows and columns.
template <int size, int... column>
void swap_blocks(Square& rows, std::integer_sequence<int, column...>) {
  for (int i = 0; i < kLane; ++i) {
    if ((i & size) != 0) continue;
    const Lane a = rows[i], b = rows[i + size];
    rows[i] = __builtin_shufflevector(a, b, ((column & size) != 0 ? kLane + column - size : column)...);
    rows[i + size] = __builtin_shufflevector(a, b, ((column & size) != 0 ? kLane + column : column + size)...);
  }
}

/// 16 rows of 16 floats, `from_step` apart -> their columns, `to_step` apart.
void transpose(const float* from, std::int64_t from_step, float* to, std::int64_t to_step) {
  constexpr auto columns = std::make_integer_sequence<int, kLane>();
  Square rows;
  for (int i = 0; i < kLane; ++i) load(rows[i], from + i * from_step);
  swap_blocks<8>(rows, columns);
  swap_blocks<4>(rows, columns);
  swap_blocks<2>(rows, columns);
  swap_blocks<1>(rows, columns);
  for (int i = 0; i < kLane; ++i) store(to + i * to_step, rows[i]);
}

/// `panel` rows of weight [N, K] -> [K, panel].
void transpose_panel(const float* weight, std::int64_t in, std::int64_t panel, float* to) {
  const std::int64_t whole = in - in % kLane;
  for (std::int64_t k = 0; k < whole; k += kLane)
    for (std::int64_t n = 0; n < panel; n += kLane) transpose(weight + n * in + k, in, to + k * panel + n, panel);
  for (std::int64_t k = whole; k < in; ++k)
    for (std::int64_t n = 0; n < panel; ++n) to[k * panel + n] = weight[n * in + k];
}

struct Product {
  const float *x, *bias;
  float* out;
  std::int64_t rows, in, n_out;
};

void add_bias(const Product& p, std::int64_t first, std::int64_t rows, std::int64_t column, std::int64_t panel) {
  for (std::int64_t row = first; row < first + rows; ++row)
    for (std::int64_t n = column; n < column + panel; ++n) p.out[row * p.n_out + n] += p.bias[n];
}

void multiply_panel(const Product& p, const float* packed, std::int64_t column, std::int64_t panel) {
  for (std::int64_t row = 0; row < p.rows; row += kRowsAtOnce) {
    const std::int64_t rows = std::min(kRowsAtOnce, p.rows - row);
    multiply({.rows = rows,
              .inner = p.in,
              .width = panel,
              .a_step = p.in,
              .out_step = p.n_out,
              .a = p.x + row * p.in,
              .panel = packed,
              .out = p.out + row * p.n_out + column});
    if (p.bias != nullptr) add_bias(p, row, rows, column, panel);
  }
}

}  // namespace

bool can_use_wide_linear(const at::Tensor& x, const at::Tensor& weight) {
  const bool recorded = at::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad());
  return has_panel_kernel() && !recorded && takes_cpu_kernels(x) && x.dim() == 3 && x.numel() > 0 &&
         x.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat && weight.size(1) >= 192 &&
         weight.size(0) % kLane == 0 && weight.is_contiguous();
}

at::Tensor wide_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor rows = x.contiguous();
  const std::int64_t in = weight.size(1), n_out = weight.size(0), panel = panel_width(n_out);
  const at::Tensor out = at::empty({x.size(0), x.size(1), n_out}, x.options());
  const Product product{rows.const_data_ptr<float>(),
                        bias.defined() ? bias.const_data_ptr<float>() : nullptr,
                        out.mutable_data_ptr<float>(),
                        x.size(0) * x.size(1),
                        in,
                        n_out};
  const float* weights = weight.const_data_ptr<float>();
  const at::Tensor buffer = at::empty({at::get_num_threads(), in * panel}, at::kFloat);
  float* base = buffer.mutable_data_ptr<float>();
  at::parallel_for(0, n_out / panel, 1, [&](std::int64_t first, std::int64_t last) {
    float* packed = base + at::get_thread_num() * in * panel;
    for (std::int64_t column = first * panel; column < last * panel; column += panel) {
      transpose_panel(weights + column * in, in, panel, packed);
      multiply_panel(product, packed, column, panel);
    }
  });
  return out;
}

}  // namespace alea::nn
