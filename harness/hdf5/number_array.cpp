#include "hdf5/number_array.h"

#include <fmt/ranges.h>

#include <cstring>
#include <filesystem>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "formats/mapped_file.h"
#include "formats/npy.h"
#include "hdf5/hdf5_file.h"

namespace alea {
namespace {

namespace fs = std::filesystem;

/// The file and the array's name; a file whose own name has a colon is taken as it is.
std::pair<fs::path, std::string> split_name(const std::string& what) {
  const auto colon = what.rfind(':');
  if (fs::exists(what) || colon == std::string::npos) return {what, ""};
  return {what.substr(0, colon), what.substr(colon + 1)};
}

std::string choose(const std::vector<std::string>& names, const std::string& wanted, const std::string& file) {
  if (!wanted.empty()) return wanted;
  if (names.size() == 1) return names.front();
  fail(ErrorCode::data, "{}: expected one array, found {}; name one as {}:ARRAY", file, fmt::join(names, ", "), file);
}

NpyArray read_array(const fs::path& path, const std::string& wanted) {
  const MappedFile file(path);
  if (!is_hdf5(file.bytes())) {
    const NpzFile npz(file.bytes(), path.string());
    return npz.read(choose(npz.names(), wanted, path.string()));
  }
  Hdf5Content content = read_hdf5_file(path, wanted);
  std::vector<std::string> names;
  for (const auto& [name, array] : content.arrays) names.push_back(name);
  Array& array = content.arrays.at(choose(names, wanted, path.string()));
  return {array.dtype, std::move(array.shape), std::move(array.bytes)};
}

std::vector<float> as_floats(const NpyArray& array) {
  if (array.dtype == DType::f32) {
    std::vector<float> values(array.bytes.size() / sizeof(float));
    std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
    return values;
  }
  const std::vector<double> values = as_doubles(array);
  return {values.begin(), values.end()};
}

NpyArray read_with_axes(const std::string& what) {
  const auto [path, name] = split_name(what);
  NpyArray array = read_array(path, name);
  if (array.shape.empty()) fail(ErrorCode::data, "{}: expected an array with axes, found a single number", what);
  return array;
}

}  // namespace

RowSums read_row_sums(const std::string& what) {
  const NpyArray array = read_with_axes(what);
  RowSums out{what, array.shape, std::vector<double>(array.shape.front(), 0.0), sha256_hex(array.bytes)};
  const auto n = static_cast<std::ptrdiff_t>(out.values.size());
  const auto size = n == 0 ? 0 : static_cast<std::ptrdiff_t>(array.bytes.size()) / n;
  for (std::ptrdiff_t row = 0; row < n; ++row) {
    const auto begin = array.bytes.begin() + row * size;
    const NpyArray values{array.dtype, {static_cast<std::uint64_t>(size) / dtype_bytes(array.dtype)}, Bytes(begin, begin + size)};
    for (const double value : as_doubles(values)) out.values[static_cast<std::size_t>(row)] += value;
  }
  return out;
}

NumberArray read_number_array(const std::string& what) {
  const NpyArray array = read_with_axes(what);
  NumberArray out{what, array.shape, as_floats(array), ""};
  out.sha256 = sha256_hex(std::as_bytes(std::span(out.values)));
  return out;
}

}  // namespace alea
