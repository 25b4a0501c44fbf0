#include "hdf5/number_array.h"

#include <fmt/ranges.h>

#include <cstring>
#include <filesystem>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "hdf5/hdf5_file.h"
#include "formats/mapped_file.h"
#include "formats/npy.h"

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

}  // namespace

NumberArray read_number_array(const std::string& what) {
  const auto [path, name] = split_name(what);
  const NpyArray array = read_array(path, name);
  if (array.shape.empty()) fail(ErrorCode::data, "{}: expected an array with axes, found a single number", what);
  NumberArray out{what, array.shape, as_floats(array), ""};
  out.sha256 = sha256_hex(std::as_bytes(std::span(out.values)));
  return out;
}

}  // namespace alea
