#pragma once

#include <cstdint>

namespace alea::nn {

/// Products of matrices by the tensor library's small AVX-512 kernel. Each value is summed in the order of the inner extent in
/// runs of a fixed length, so that its bits depend neither on the number of rows nor on threads. MKL's kernels depend on the
/// number of rows, and run at half the speed on processors other than Intel's.
bool has_panel_kernel();

/// Columns of a panel: the right-hand matrix [inner, columns] is kept as panels [inner, width] side by side.
std::int64_t panel_width(std::int64_t columns);

/// a [rows, inner] times one panel -> out [rows, width], rows of a and out `a_step` and `out_step` floats apart.
struct PanelProduct {
  std::int64_t rows, inner, width, a_step, out_step;
  const float *a, *panel;
  float* out;
};
void multiply(const PanelProduct& product);

}  // namespace alea::nn
