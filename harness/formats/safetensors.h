#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "formats/mapped_file.h"

namespace alea {

/// Those of safetensors with whole bytes. Complex numbers are carried, never turned into others.
enum class DType {
  boolean,
  u8,
  i8,
  f8_e4m3,      ///< OCP 8-bit floating point "FN": no infinities, NaN is all ones (arXiv:2209.05433)
  f8_e5m2,      ///< as IEEE 754 would have it
  f8_e4m3fnuz,  ///< "FNUZ": no infinities, no negative zero; its code is NaN (arXiv:2206.02915)
  f8_e5m2fnuz,
  f8_e8m0,  ///< a power of two, no sign (OCP MX specification 1.0)
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  f64,
  i64,
  u64,
  c64,
  c128,  ///< not in safetensors
};

std::size_t dtype_bytes(DType dtype);
const char* dtype_name(DType dtype);  ///< as safetensors writes it: "F32"
bool is_floating(DType dtype);        ///< real floating point

/// A tensor in somebody else's memory: row-major, little-endian. In files of other writers `bytes` may be unaligned: copy, don't
/// cast.
struct TensorSpan {
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
};

/// An open safetensors file, memory-mapped. Every length is checked before it is used: header at most 100 MB and inside the
/// file, offsets contiguous without hole or overlap and covering the file, size = product of shape x bytes with overflow check,
/// no duplicate keys, boolean bytes 0 or 1. Error{io} when it can't be opened, Error{data} naming file, offset, expected and
/// found.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);
  SafetensorsFile(const SafetensorsFile&) = delete;

  const std::map<std::string, TensorSpan>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::filesystem::path& path() const { return file_.path(); }

 private:
  MappedFile file_;
  std::map<std::string, TensorSpan> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// The checks of SafetensorsFile on bytes in memory (for tests and fuzzing); `source` is named in errors.
void parse_safetensors(std::span<const std::byte> file, const std::string& source, std::map<std::string, TensorSpan>& tensors,
                       std::map<std::string, std::string>& metadata);

/// Written atomically, tensors sorted by descending dtype size then name (so each is aligned), header padded to 8 bytes:
/// equal input gives equal bytes. Error{shape} where shape and bytes disagree, Error{domain} for a name that can't be stored.
void write_safetensors(const std::filesystem::path& path, const std::map<std::string, TensorSpan>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace alea
