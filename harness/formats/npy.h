#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/files.h"
#include "formats/safetensors.h"  // DType, TensorSpan

namespace alea {

/// What a .npy header says (format versions 1 to 3).
struct NpyHeader {
  DType dtype = DType::f32;
  std::vector<std::uint64_t> shape;
  bool fortran_order = false, big_endian = false;
  std::uint64_t header_bytes = 0;  ///< the data begins here
  std::uint64_t elements() const;
  std::uint64_t data_bytes() const;
};

/// No header of an array of numbers is longer; more than this of a file isn't looked at.
inline constexpr std::uint64_t kMaxNpyHeaderBytes = 65535 + 12;

/// Error{data} names `source`, expected and found; arrays of objects, text, records, dates and complex numbers are refused by
/// name with how to save them as numbers. The size of the data fits in 63 bits.
NpyHeader parse_npy_header(std::span<const std::byte> start, const std::string& source);

/// Row-major, little-endian, whatever the file had.
struct NpyArray {
  DType dtype = DType::f32;
  std::vector<std::uint64_t> shape;
  Bytes bytes;
};
NpyArray read_npy(std::span<const std::byte> file, const std::string& source);

/// Any dtype as double, exactly. Error{data} for a 64-bit integer that no double equals and for complex numbers.
std::vector<double> as_doubles(const NpyArray& array);

/// Arrays of a .npz file, or a bare .npy file as the single array "arr_0"; told apart by content. Memory-mapped; copies share the
/// mapping. Entries of the archive that aren't called *.npy are left alone. Error{io} when it can't be opened, Error{data} when
/// it is damaged or neither.
class NpzFile {
 public:
  explicit NpzFile(const std::filesystem::path& path);
  NpzFile(std::span<const std::byte> file, std::string source);  ///< of bytes that outlive it; `source` is named in errors
  std::vector<std::string> names() const;                        ///< without ".npy", in the order of the archive
  bool contains(const std::string& name) const;
  NpyHeader header(const std::string& name) const;  ///< Error{data} names file, key, and the keys that are there
  NpyArray read(const std::string& name) const;

  /// Rows (first axis) of a C-order array one after another, without holding the array. Error{data} for an array without axes and
  /// for Fortran order with more than one axis (read() takes both).
  class RowReader {
   public:
    RowReader(RowReader&&) noexcept;
    ~RowReader();
    std::uint64_t row_bytes() const;
    void read(std::span<std::byte> rows);  ///< a whole number of rows, little-endian; Error{shape} otherwise
    void skip(std::uint64_t rows);

   private:
    friend class NpzFile;
    struct State;
    explicit RowReader(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };
  RowReader rows(const std::string& name) const;  ///< may outlive this object

  /// The array's bytes in the file, where it is stored unpacked, in C order and little-endian: random access without a copy. Its
  /// CRC is checked first, which reads the array once. May be unaligned. Empty where it isn't stored like that.
  std::span<const std::byte> mapped(const std::string& name) const;

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
};

/// Written atomically, as numpy.savez (or savez_compressed) lays it out; equal input gives equal bytes. Error{shape} where shape
/// and bytes disagree, Error{domain} for bfloat16 and 8-bit floating
/// point, which numpy doesn't know, and for complex numbers.
void write_npz(const std::filesystem::path& path, const std::map<std::string, TensorSpan>& arrays, bool deflate);

}  // namespace alea
