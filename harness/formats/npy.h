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
};

/// Error{data} names `source`, offset, expected and found; object and text arrays are refused by name with how to save them as
/// numbers.
NpyHeader parse_npy_header(std::span<const std::byte> start, const std::string& source);

/// Row-major, little-endian, whatever the file had.
struct NpyArray {
  DType dtype = DType::f32;
  std::vector<std::uint64_t> shape;
  Bytes bytes;
};
NpyArray read_npy(std::span<const std::byte> file, const std::string& source);

/// Any real dtype as double. Error{data} for more than `most` elements.
std::vector<double> as_doubles(const NpyArray& array);

/// Arrays of a .npz file, or of a folder-less .npy file as the single array "arr_0". Memory-mapped.
class NpzFile {
 public:
  explicit NpzFile(const std::filesystem::path& path);
  ~NpzFile();
  NpzFile(NpzFile&&) noexcept;
  std::vector<std::string> names() const;  ///< without ".npy", in the order of the archive
  bool contains(const std::string& name) const;
  const NpyHeader& header(const std::string& name) const;  ///< Error{data} names file, key, and the keys that are there
  NpyArray read(const std::string& name) const;

  /// Rows (first axis) of a C-order array one after another, without holding the array. Error{data} for Fortran order with more
  /// than one axis (read() takes it).
  class RowReader {
   public:
    RowReader(RowReader&&) noexcept;
    ~RowReader();
    std::uint64_t row_bytes() const;
    void read(std::span<std::byte> rows);  ///< a whole number of rows, little-endian
    void skip(std::uint64_t rows);

   private:
    friend class NpzFile;
    struct State;
    explicit RowReader(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };
  RowReader rows(const std::string& name) const;
  /// The array's bytes in the file, where it is stored unpacked, in C order and little-endian: random access without a copy.
  std::span<const std::byte> mapped(const std::string& name) const;  ///< empty where it isn't

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Written atomically, as numpy.savez (or savez_compressed) lays it out; equal input gives equal bytes.
void write_npz(const std::filesystem::path& path, const std::map<std::string, TensorSpan>& arrays, bool deflate);

}  // namespace alea
