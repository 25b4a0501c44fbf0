#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <span>
#include <vector>

#include "formats/npy.h"

namespace alea {

/// The numbers of the fixtures (scripts/fixtures/npz.py, torch_archives.py): i in whole numbers, i / 4 - 1 in floating point, "i
/// is odd" in booleans.
inline std::vector<double> fixture_values(DType dtype, std::size_t n) {
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto index = static_cast<double>(i);
    values[i] = is_floating(dtype) ? index / 4 - 1 : dtype == DType::boolean ? static_cast<double>(i % 2) : index;
  }
  return values;
}

inline std::vector<double> values_of(const TensorSpan& tensor) {
  return as_doubles({tensor.dtype, {}, Bytes(tensor.bytes.begin(), tensor.bytes.end())});
}

}  // namespace alea
