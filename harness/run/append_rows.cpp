#include "run/append_rows.h"

namespace alea {

void append_rows(const at::Tensor& tensor, std::size_t rows, std::vector<float>& out) {
  const at::Tensor values = tensor.to(at::kCPU, at::kFloat).contiguous();
  const float* begin = values.const_data_ptr<float>();
  out.insert(out.end(), begin, begin + std::ptrdiff_t(rows) * values.size(1));
}

}  // namespace alea
