#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace alea {

/// Numbers of any type in a file, as float32.
struct NumberArray {
  std::string source;                ///< "maps.npz:uncertainty"
  std::vector<std::uint64_t> shape;  ///< at least one axis
  std::vector<float> values;         ///< row-major
  std::string sha256;                ///< of the values: the same numbers in another kind of file have the same
};

/// "FILE" or "FILE:ARRAY" of a .npy, .npz or HDF5 file; without a name, the only array in it. Error{io} when there is no such
/// file, Error{data} naming file, arrays there, and what was expected.
NumberArray read_number_array(const std::string& what);

/// A number for each row (first axis) of an array of any type.
struct RowSums {
  std::string source;
  std::vector<std::uint64_t> shape;
  std::vector<double> values;  ///< [n]: an array [n] itself, of one [n, ...] each row's sum, in double, in row-major order
  std::string sha256;          ///< of the array's bytes, row-major and little-endian
};

/// As read_number_array.
RowSums read_row_sums(const std::string& what);

}  // namespace alea
