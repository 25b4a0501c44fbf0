#include <fmt/ranges.h>

#include "core/error.h"
#include "formats/checks.h"
#include "formats/npy.h"
#include "formats/zip.h"

namespace alea {
namespace {

constexpr std::size_t kAlignment = 64;

const char* descr_of(DType dtype, const std::string& where) {
  switch (dtype) {
    case DType::boolean:
      return "|b1";
    case DType::u8:
      return "|u1";
    case DType::i8:
      return "|i1";
    case DType::i16:
      return "<i2";
    case DType::u16:
      return "<u2";
    case DType::f16:
      return "<f2";
    case DType::i32:
      return "<i4";
    case DType::u32:
      return "<u4";
    case DType::f32:
      return "<f4";
    case DType::f64:
      return "<f8";
    case DType::i64:
      return "<i8";
    case DType::u64:
      return "<u8";
    default:
      break;
  }
  fail(ErrorCode::domain, "{}: numpy has no {} that would be read back; convert it to F32 first", where, dtype_name(dtype));
}

/// Version 1, padded so that the data begin at a multiple of 64 bytes.
std::string npy_header(const TensorSpan& array, const std::string& where) {
  const auto bytes = byte_count(std::span<const std::int64_t>(array.shape), dtype_bytes(array.dtype));
  if (!bytes || *bytes != array.bytes.size())
    fail(ErrorCode::shape, "{}: shape [{}] of {} doesn't go with {} bytes", where, fmt::join(array.shape, ", "),
         dtype_name(array.dtype), array.bytes.size());
  const std::string shape = fmt::format("({}{})", fmt::join(array.shape, ", "), array.shape.size() == 1 ? "," : "");
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", descr_of(array.dtype, where), shape);
  constexpr std::size_t kBefore = 10;
  text.append(kAlignment - 1 - (kBefore + text.size()) % kAlignment, ' ');
  text += '\n';
  const auto length = static_cast<std::uint16_t>(text.size());
  std::string header = "\x93NUMPY";
  header += '\1';
  header += '\0';
  header += static_cast<char>(length & 0xff);
  header += static_cast<char>(length >> 8);
  return header + text;
}

}  // namespace

void write_npz(const fs::path& path, const std::map<std::string, TensorSpan>& arrays, bool deflate) {
  std::vector<std::string> headers;
  headers.reserve(arrays.size());  // the members point into it
  std::vector<ZipMember> members;
  for (const auto& [name, array] : arrays) {
    headers.push_back(npy_header(array, fmt::format("{}: array {}", path.string(), in_quotes(name))));
    members.push_back({name + ".npy", {std::as_bytes(std::span<const char>(headers.back())), array.bytes}});
  }
  atomic_write(path, std::span<const std::byte>(make_zip(members, deflate)));
}

}  // namespace alea
