#include "formats/npy.h"

#include <cmath>
#include <limits>

#include "core/error.h"
#include "formats/checks.h"
#include "formats/row_major.h"
#include "formats/small_float.h"

namespace alea {
namespace {

template <class T>
std::vector<double> converted(std::span<const std::byte> bytes) {
  std::vector<double> values(bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(load<T>(bytes, i * sizeof(T)));
  return values;
}

template <class T>
std::vector<double> converted_exactly(std::span<const std::byte> bytes) {
  constexpr double kBeyond = std::numeric_limits<T>::digits == 64 ? 0x1p64 : 0x1p63;
  auto values = converted<T>(bytes);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] >= kBeyond || static_cast<T>(values[i]) != load<T>(bytes, i * sizeof(T)))
      fail(ErrorCode::data, "element {}: expected an integer that a double can hold, found {}", i, load<T>(bytes, i * sizeof(T)));
  return values;
}

template <class Code>
std::vector<double> decoded(std::span<const std::byte> bytes, const SmallFloat& layout) {
  std::vector<double> values(bytes.size() / sizeof(Code));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = layout.value(load<Code>(bytes, i * sizeof(Code)));
  return values;
}

std::vector<std::int64_t> signed_extents(const std::vector<std::uint64_t>& shape) { return {shape.begin(), shape.end()}; }

std::vector<std::int64_t> fortran_strides(const std::vector<std::uint64_t>& shape) {
  std::vector<std::int64_t> strides;
  std::int64_t stride = 1;
  for (const std::uint64_t extent : shape) {
    strides.push_back(stride);
    stride *= static_cast<std::int64_t>(extent);
  }
  return strides;
}

}  // namespace

NpyArray read_npy(std::span<const std::byte> file, const std::string& source) {
  const NpyHeader header = parse_npy_header(file, source);
  const auto data = file.subspan(header.header_bytes);
  if (data.size() != header.data_bytes())
    fail(ErrorCode::data, "{}: expected {} bytes of data after the npy header, found {}", source, header.data_bytes(),
         data.size());
  if (header.dtype == DType::boolean && !are_booleans(data))
    fail(ErrorCode::data, "{}: expected booleans of 0 or 1, found another byte", source);
  const std::size_t item_bytes = dtype_bytes(header.dtype);
  NpyArray array{header.dtype, header.shape, {}};
  if (header.fortran_order && header.shape.size() > 1 && !data.empty())
    array.bytes = gather_row_major(data, 0, signed_extents(header.shape), fortran_strides(header.shape), item_bytes);
  else
    array.bytes.assign(data.begin(), data.end());
  if (header.big_endian) swap_byte_order(array.bytes, item_bytes);
  return array;
}

std::vector<double> as_doubles(const NpyArray& array) {
  const std::span<const std::byte> bytes = array.bytes;
  switch (array.dtype) {
    case DType::boolean:
    case DType::u8:
      return converted<std::uint8_t>(bytes);
    case DType::i8:
      return converted<std::int8_t>(bytes);
    case DType::i16:
      return converted<std::int16_t>(bytes);
    case DType::u16:
      return converted<std::uint16_t>(bytes);
    case DType::f8_e4m3:
      return decoded<std::uint8_t>(bytes, kE4M3);
    case DType::f8_e5m2:
      return decoded<std::uint8_t>(bytes, kE5M2);
    case DType::f8_e4m3fnuz:
      return decoded<std::uint8_t>(bytes, kE4M3Fnuz);
    case DType::f8_e5m2fnuz:
      return decoded<std::uint8_t>(bytes, kE5M2Fnuz);
    case DType::f8_e8m0:
      return decoded<std::uint8_t>(bytes, kE8M0);
    case DType::f16:
      return decoded<std::uint16_t>(bytes, kHalf);
    case DType::bf16:
      return decoded<std::uint16_t>(bytes, kBfloat16);
    case DType::i32:
      return converted<std::int32_t>(bytes);
    case DType::u32:
      return converted<std::uint32_t>(bytes);
    case DType::f32:
      return converted<float>(bytes);
    case DType::f64:
      return converted<double>(bytes);
    case DType::i64:
      return converted_exactly<std::int64_t>(bytes);
    case DType::u64:
      return converted_exactly<std::uint64_t>(bytes);
    case DType::c64:
    case DType::c128:
      fail(ErrorCode::data, "expected real numbers, found complex ones ({}); save their real and imaginary parts",
           dtype_name(array.dtype));
  }
  fail(ErrorCode::internal, "dtype {} has no numbers", static_cast<int>(array.dtype));
}

}  // namespace alea
