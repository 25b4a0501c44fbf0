#include "formats/row_major.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/error.h"
#include "formats/checks.h"

namespace alea {
namespace {

template <std::size_t kItem>
void copy_line(const std::byte* from, std::int64_t stride, std::int64_t n, std::byte* to) {
  for (std::int64_t i = 0; i < n; ++i) std::memcpy(to + i * kItem, from + i * stride * static_cast<std::int64_t>(kItem), kItem);
}

using CopyLine = void (*)(const std::byte*, std::int64_t, std::int64_t, std::byte*);

CopyLine line_copier(std::size_t item_bytes) {
  switch (item_bytes) {
    case 1:
      return copy_line<1>;
    case 2:
      return copy_line<2>;
    case 4:
      return copy_line<4>;
    case 8:
      return copy_line<8>;
    case 16:
      return copy_line<16>;
  }
  fail(ErrorCode::internal, "no dtype has {} bytes", item_bytes);
}

}  // namespace

Bytes gather_row_major(std::span<const std::byte> storage, std::uint64_t offset, std::span<const std::int64_t> shape,
                       std::span<const std::int64_t> strides, std::size_t item_bytes) {
  const auto bytes = byte_count(shape, item_bytes);
  ALEA_CHECK(bytes && shape.size() == strides.size(), "the shape of a view isn't checked");
  Bytes out(*bytes);
  if (out.empty()) return out;
  const std::int64_t n_line = shape.empty() ? 1 : shape.back(), line_stride = shape.empty() ? 0 : strides.back();
  const std::size_t n_outer = shape.empty() ? 0 : shape.size() - 1, line_bytes = static_cast<std::size_t>(n_line) * item_bytes;
  const CopyLine copy = line_copier(item_bytes);
  std::vector<std::int64_t> index(n_outer, 0);
  auto at = static_cast<std::int64_t>(offset);
  for (std::size_t done = 0; done < out.size(); done += line_bytes) {
    copy(storage.data() + at * static_cast<std::int64_t>(item_bytes), line_stride, n_line, out.data() + done);
    for (std::size_t axis = n_outer; axis-- > 0;) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

void swap_byte_order(std::span<std::byte> bytes, std::size_t item_bytes) {
  for (std::size_t i = 0; i + item_bytes <= bytes.size(); i += item_bytes)
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i), bytes.begin() + static_cast<std::ptrdiff_t>(i + item_bytes));
}

}  // namespace alea
