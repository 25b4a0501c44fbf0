#include "models/placement.h"

#include "core/error.h"

namespace alea {

at::ScalarType compute_type(const std::string& precision) {
  if (precision == "float32") return at::kFloat;
  if (precision == "bfloat16") return at::kBFloat16;
  if (precision == "float16") return at::kHalf;
  fail(ErrorCode::config, "/precision: expected float32, bfloat16 or float16, found \"{}\"", precision);
}

}  // namespace alea
