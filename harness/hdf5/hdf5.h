#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/files.h"
#include "formats/safetensors.h"  // DType

namespace alea {

/// An n-dimensional array with its bytes, row-major, little-endian.
struct Array {
  DType dtype = DType::f32;
  std::vector<std::uint64_t> shape;
  Bytes bytes;
  std::map<std::string, std::string> attributes;  ///< "unit", "meaning", ...

  std::uint64_t elements() const;
  template <class T>
  std::span<const T> as() const {  ///< no conversion; the caller knows the dtype
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<std::uint8_t> {
  static constexpr DType value = DType::u8;
};
template <>
struct DTypeOf<std::uint32_t> {
  static constexpr DType value = DType::u32;
};
template <>
struct DTypeOf<std::uint64_t> {
  static constexpr DType value = DType::u64;
};
template <>
struct DTypeOf<std::int64_t> {
  static constexpr DType value = DType::i64;
};
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::f32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::f64;
};

template <class T>
Array make_array(std::span<const T> values, std::vector<std::uint64_t> shape) {
  const auto raw = std::as_bytes(values);
  return {DTypeOf<T>::value, std::move(shape), Bytes(raw.begin(), raw.end()), {}};
}

/// Group path with "/" separators -> array: "curves/retained".
using ArrayMap = std::map<std::string, Array>;

/// An HDF5 file image made in memory (core driver without backing store, object times off: equal input gives equal bytes).
/// `attributes` are string attributes of the root group. Error{shape} where an array's bytes don't fill its shape,
/// Error{internal} for boolean, f16 and bf16, and for paths that aren't "group/name".
Bytes hdf5_image(const ArrayMap& arrays, const std::map<std::string, std::string>& attributes = {});

struct Hdf5Content {
  ArrayMap arrays;
  std::map<std::string, std::string> attributes;
};

/// Reads an image made by hdf5_image (or any plain file of numeric datasets, in either byte order, plain or packed by gzip,
/// shuffle or fletcher32) from memory; `only` leaves out all other datasets. Attributes that aren't single strings are skipped.
/// Error{data} names `source` and the dataset: not HDF5, another type, links, values in other files, no dataset `only`, or a
/// size that the file can't hold (checked before memory is taken).
Hdf5Content read_hdf5_image(std::span<const std::byte> image, const std::string& source, const std::string& only = "");

std::string hdf5_version();

}  // namespace alea
