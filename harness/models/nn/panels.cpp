#include "models/nn/panels.h"

#include <ATen/native/CPUBlas.h>

#include <algorithm>

namespace alea::nn {
namespace {

constexpr std::int64_t kRun = 384;  ///< terms summed in a row: a third of the error of 4608 terms in one go

}  // namespace

bool has_panel_kernel() {
#if defined(__x86_64__)
  static const bool found = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
  return found;
#else
  return false;
#endif
}

std::int64_t panel_width(std::int64_t columns) { return columns % 64 == 0 ? 64 : columns % 32 == 0 ? 32 : 16; }

void multiply(const PanelProduct& p) {
  for (std::int64_t k = 0; k < p.inner; k += kRun)
    at::native::cpublas::brgemm(p.rows, p.width, std::min(kRun, p.inner - k), p.a_step, p.width, p.out_step, k > 0, p.a + k,
                                p.panel + k * p.width, p.out, false);
}

}  // namespace alea::nn
