#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace alea {

/// The first `rows` of a tensor [B, d] on any device behind the numbers that are there, as float32.
void append_rows(const at::Tensor& tensor, std::size_t rows, std::vector<float>& out);

}  // namespace alea
