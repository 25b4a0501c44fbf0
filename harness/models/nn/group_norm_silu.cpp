#include "models/nn/group_norm_silu.h"

namespace alea::nn {

bool can_fuse_group_norm_silu(const at::Tensor&, const at::Tensor&) { return false; }

at::Tensor group_norm_silu(const at::Tensor& x, int, const at::Tensor&, const at::Tensor&, double) { return x; }

}  // namespace alea::nn
