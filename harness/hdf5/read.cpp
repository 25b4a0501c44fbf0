#include <algorithm>
#include <new>

#include "hdf5/handle.h"
#include "hdf5/hdf5.h"

namespace alea {
namespace {

using namespace hdf5_detail;

// The best that deflate can do; what claims to unpack to more was not packed by it.
constexpr std::uint64_t kLargestDeflateRatio = 1032;
constexpr std::size_t kLongestFixedString = 1 << 20;

Handle open_image(std::span<const std::byte> image, const Where& where) {
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, where, "make a property list");
  check(H5Pset_fapl_core(access, std::max<std::size_t>(image.size(), 1), false), where, "choose the in-memory driver");
  check(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG), where, "choose how the file is closed");
  // The library copies the image and never writes to the caller's; its signature only lacks a const.
  void* start = const_cast<std::byte*>(image.data());
  check(H5Pset_file_image(access, start, image.size()), where, "take the file image");
  return {H5Fopen(kMemoryFile, H5F_ACC_RDONLY, access), H5Fclose, where, "open it as HDF5"};
}

/// What the library's visitors fill. They are called from C, so nothing may be thrown through them.
struct Names {
  std::vector<std::string> found;
  std::string indirect;  ///< a soft or external link, if any
  bool out_of_memory = false;

  herr_t add(const char* name, bool direct) noexcept {
    try {
      if (direct) {
        found.emplace_back(name);
      } else {
        indirect = name;
      }
      return 0;
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
      return -1;
    }
  }
  void check_walk(herr_t status, const Where& where, const std::string& doing) const {
    if (out_of_memory) throw std::bad_alloc();
    check(status, where, doing);
  }
};

herr_t collect_link(hid_t, const char* name, const H5L_info_t* info, void* names) {
  return static_cast<Names*>(names)->add(name, info->type == H5L_TYPE_HARD);
}

herr_t collect_attribute(hid_t, const char* name, const H5A_info_t*, void* names) {
  return static_cast<Names*>(names)->add(name, true);
}

template <class Extents>
std::uint64_t product_of(const Extents& extents, const Where& where) {
  std::uint64_t product = 1;
  for (const std::uint64_t extent : extents)
    if (__builtin_mul_overflow(product, extent, &product))
      fail(where.code, "{}: its extents multiply to more than 2^64 elements", where.subject);
  return product;
}

std::string read_variable_string(hid_t attribute, hid_t type, const Where& where, const std::string& name) {
  char* text = nullptr;
  check(H5Aread(attribute, type, &text), where, "read attribute " + name);
  std::string value = text == nullptr ? "" : text;
  H5free_memory(text);
  return value;
}

std::string read_fixed_string(hid_t attribute, hid_t type, const Where& where, const std::string& name) {
  const std::size_t size = H5Tget_size(type);
  if (size > kLongestFixedString)
    fail(where.code, "{}: attribute {} claims {} bytes; expected at most {}", where.subject, name, size, kLongestFixedString);
  std::string value(size, '\0');
  check(H5Aread(attribute, type, value.data()), where, "read attribute " + name);
  if (H5Tget_strpad(type) == H5T_STR_SPACEPAD) value.erase(value.find_last_not_of(' ') + 1);
  return value.substr(0, value.find('\0'));
}

std::map<std::string, std::string> read_attributes(hid_t object, const Where& where) {
  Names names;
  const herr_t status = H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_attribute, &names);
  names.check_walk(status, where, "list its attributes");
  std::map<std::string, std::string> values;
  for (const auto& name : names.found) {
    const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, where, "open attribute " + name);
    const Handle type(H5Aget_type(attribute), H5Tclose, where, "get the type of attribute " + name);
    const Handle space(H5Aget_space(attribute), H5Sclose, where, "get the space of attribute " + name);
    if (H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) continue;
    values[name] = H5Tis_variable_str(type) > 0 ? read_variable_string(attribute, type, where, name)
                                                : read_fixed_string(attribute, type, where, name);
  }
  return values;
}

std::vector<std::uint64_t> shape_of(hid_t dataset, const Where& where) {
  const Handle space(H5Dget_space(dataset), H5Sclose, where, "get its space");
  if (H5Sget_simple_extent_type(space) == H5S_NULL) fail(where.code, "{}: holds no array, only a null space", where.subject);
  const int rank = H5Sget_simple_extent_ndims(space);
  check(rank, where, "get its rank");
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  check(H5Sget_simple_extent_dims(space, extents.data(), nullptr), where, "get its shape");
  return {extents.begin(), extents.end()};
}

/// Only the filters that HDF5 itself ships: others would load somebody's plug-in. Returns the largest ratio they can reach.
std::uint64_t check_filters(hid_t creation, const Where& where) {
  const int count = H5Pget_nfilters(creation);
  check(count, where, "count its filters");
  std::uint64_t ratio = 1;
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0;
    std::size_t n_values = 0;
    const H5Z_filter_t filter =
        H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &n_values, nullptr, 0, nullptr, nullptr);
    if (filter == H5Z_FILTER_DEFLATE) {
      ratio = kLargestDeflateRatio;
    } else if (filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32) {
      fail(where.code, "{}: is packed by HDF5 filter {}; expected none, gzip, shuffle or fletcher32", where.subject, int{filter});
    }
  }
  return ratio;
}

std::uint64_t chunk_elements(hid_t creation, std::size_t rank, const Where& where) {
  std::vector<hsize_t> extents(rank);
  check(H5Pget_chunk(creation, static_cast<int>(rank), extents.data()), where, "get its chunk shape");
  return product_of(extents, where);
}

/// Refuses an array that claims more bytes than what is stored can hold, before any memory is taken. Returns its bytes.
std::uint64_t checked_bytes(hid_t dataset, const Array& array, std::size_t image_bytes, const Where& where) {
  const Handle creation(H5Dget_create_plist(dataset), H5Pclose, where, "get its creation properties");
  const H5D_layout_t layout = H5Pget_layout(creation);
  if (layout == H5D_VIRTUAL || H5Pget_external_count(creation) > 0)
    fail(where.code, "{}: keeps its values in other files; expected all of them in this one", where.subject);
  const std::uint64_t needed = product_of(array.shape, where);
  std::uint64_t elements = needed;
  std::uint64_t capacity = image_bytes;
  if (layout == H5D_CHUNKED && elements > 0) {
    elements = std::max(elements, chunk_elements(creation, array.shape.size(), where));
    const std::uint64_t stored = std::min<std::uint64_t>(H5Dget_storage_size(dataset), image_bytes);
    if (__builtin_mul_overflow(stored, check_filters(creation, where), &capacity)) capacity = image_bytes;
  }
  const std::uint64_t size = dtype_bytes(array.dtype);
  if (elements > capacity / size)
    fail(where.code,
         "{}: claims {} elements of {} bytes, but what is stored can hold at most {} bytes; the file is damaged or "
         "was never filled",
         where.subject, elements, size, capacity);
  return needed * size;
}

Array read_dataset(hid_t dataset, std::size_t image_bytes, const Where& where) {
  const Handle type(H5Dget_type(dataset), H5Tclose, where, "get its type");
  const auto dtype = dtype_of(type);
  if (!dtype)
    fail(where.code, "{}: has an HDF5 type of class {} and {} bytes; expected integers of 8 to 64 bits or 32- or 64-bit floats",
         where.subject, static_cast<int>(H5Tget_class(type)), H5Tget_size(type));
  Array array{*dtype, shape_of(dataset, where), {}, read_attributes(dataset, where)};
  array.bytes.resize(checked_bytes(dataset, array, image_bytes, where));
  if (!array.bytes.empty())
    check(H5Dread(dataset, little_endian_type(array.dtype), H5S_ALL, H5S_ALL, H5P_DEFAULT, array.bytes.data()), where,
          "read the dataset");
  return array;
}

std::vector<std::string> object_names(hid_t file, const Where& where) {
  Names names;
  const herr_t status = H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, collect_link, &names);
  names.check_walk(status, where, "list its datasets");
  if (!names.indirect.empty())
    fail(where.code, "{}: {} is a soft or external link; expected datasets and groups only", where.subject, names.indirect);
  return std::move(names.found);
}

}  // namespace

Hdf5Content read_hdf5_image(std::span<const std::byte> image, const std::string& source, const std::string& only) {
  const Session session;
  const Where root{ErrorCode::data, source};
  if (image.empty()) fail(root.code, "{}: is empty; expected an HDF5 file", source);
  const Handle file = open_image(image, root);
  Hdf5Content content;
  content.attributes = read_attributes(file, root);
  for (const auto& name : object_names(file, root)) {
    if (!only.empty() && name != only) continue;
    const Where where{ErrorCode::data, source + ": dataset " + name};
    const Handle object(H5Oopen(file, name.c_str(), H5P_DEFAULT), H5Oclose, where, "open it");
    if (H5Iget_type(object) == H5I_DATASET) content.arrays.emplace(name, read_dataset(object, image.size(), where));
  }
  if (!only.empty() && content.arrays.empty()) fail(root.code, "{}: has no dataset \"{}\"", source, only);
  return content;
}

}  // namespace alea
