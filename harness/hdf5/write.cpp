#include <set>

#include "hdf5/handle.h"
#include "hdf5/hdf5.h"

namespace alea {
namespace {

using namespace hdf5_detail;

constexpr std::size_t kMetadataEstimate = 1 << 16;

void check_path(const std::string& path) {
  ALEA_CHECK(!path.empty() && path.front() != '/' && path.back() != '/', "array path \"{}\" must be like \"group/name\"", path);
  ALEA_CHECK(path.find("//") == std::string::npos && path.find('\0') == std::string::npos,
             "array path \"{}\" has an empty part or a zero byte", path);
  const std::string framed = "/" + path + "/";
  ALEA_CHECK(framed.find("/./") == std::string::npos, "array path \"{}\" has a part \".\", which HDF5 drops", path);
}

void check_array(const std::string& path, const Array& array) {
  check_path(path);
  little_endian_type(array.dtype);
  const std::uint64_t elements = array.elements();
  const std::uint64_t size = dtype_bytes(array.dtype);
  if (array.bytes.size() % size != 0 || array.bytes.size() / size != elements)
    fail(ErrorCode::shape, "array {}: its shape asks for {} elements of {} bytes, but {} bytes are given", path, elements, size,
         array.bytes.size());
}

Handle property_list(hid_t kind, const Where& where) { return {H5Pcreate(kind), H5Pclose, where, "make a property list"}; }

/// Times of creation would make every image another one.
Handle timeless(hid_t kind, const Where& where) {
  Handle list = property_list(kind, where);
  check(H5Pset_obj_track_times(list, false), where, "turn object times off");
  return list;
}

Handle create_memory_file(std::size_t expected_bytes, const Where& where) {
  const Handle access = property_list(H5P_FILE_ACCESS, where);
  check(H5Pset_fapl_core(access, expected_bytes, false), where, "choose the in-memory driver");
  // The oldest format, since H5Fget_file_image of HDF5 1.10 spoils the checksum that newer superblocks carry.
  check(H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18), where, "fix the format version");
  check(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG), where, "choose how the file is closed");
  const Handle creation = timeless(H5P_FILE_CREATE, where);
  return {H5Fcreate(kMemoryFile, H5F_ACC_TRUNC, creation, access), H5Fclose, where, "make a file in memory"};
}

void write_attributes(hid_t object, const std::map<std::string, std::string>& attributes, const Where& where) {
  if (attributes.empty()) return;
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose, where, "copy the string type");
  check(H5Tset_size(type, H5T_VARIABLE), where, "make the string type variable");
  check(H5Tset_cset(type, H5T_CSET_UTF8), where, "make the string type UTF-8");
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose, where, "make a scalar space");
  const Handle creation = property_list(H5P_ATTRIBUTE_CREATE, where);
  check(H5Pset_char_encoding(creation, H5T_CSET_UTF8), where, "make attribute names UTF-8");
  for (const auto& [name, value] : attributes) {
    ALEA_CHECK(value.find('\0') == std::string::npos, "{}: attribute {} has a zero byte", where.subject, name);
    const Handle attribute(H5Acreate2(object, name.c_str(), type, space, creation, H5P_DEFAULT), H5Aclose, where,
                           "make attribute " + name);
    const char* text = value.c_str();
    check(H5Awrite(attribute, type, &text), where, "write attribute " + name);
  }
}

/// Groups are made one by one, since those that the library makes on the way would carry times.
void ensure_groups(hid_t file, const std::string& path, std::set<std::string>& made, const Where& where) {
  const Handle creation = timeless(H5P_GROUP_CREATE, where);
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string group = path.substr(0, slash);
    if (!made.insert(group).second) continue;
    Handle(H5Gcreate2(file, group.c_str(), H5P_DEFAULT, creation, H5P_DEFAULT), H5Gclose, where, "make group " + group);
  }
}

void write_array(hid_t file, const std::string& path, const Array& array, const Where& where) {
  const Handle space(array.shape.empty()
                         ? H5Screate(H5S_SCALAR)
                         : H5Screate_simple(static_cast<int>(array.shape.size()),
                                            std::vector<hsize_t>(array.shape.begin(), array.shape.end()).data(), nullptr),
                     H5Sclose, where, "make its space");
  const Handle creation = timeless(H5P_DATASET_CREATE, where);
  check(H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER), where, "turn filling off");
  const hid_t type = little_endian_type(array.dtype);
  const Handle dataset(H5Dcreate2(file, path.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT), H5Dclose, where,
                       "make the dataset");
  if (!array.bytes.empty())
    check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.bytes.data()), where, "write the dataset");
  write_attributes(dataset, array.attributes, where);
}

Bytes image_of(hid_t file, const Where& where) {
  check(H5Fflush(file, H5F_SCOPE_LOCAL), where, "flush the file in memory");
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  if (size < 0) fail_hdf5(where, "get the size of the image");
  Bytes image(static_cast<std::size_t>(size));
  if (H5Fget_file_image(file, image.data(), image.size()) != size) fail_hdf5(where, "get the image");
  return image;
}

}  // namespace

std::uint64_t Array::elements() const {
  std::uint64_t product = 1;
  for (const std::uint64_t extent : shape)
    if (__builtin_mul_overflow(product, extent, &product))
      fail(ErrorCode::shape, "the extents of a shape multiply to more than 2^64 elements");
  return product;
}

Bytes hdf5_image(const ArrayMap& arrays, const std::map<std::string, std::string>& attributes) {
  const Session session;
  std::size_t expected_bytes = kMetadataEstimate;
  for (const auto& [path, array] : arrays) {
    check_array(path, array);
    expected_bytes += array.bytes.size();
  }
  const Where root{ErrorCode::internal, "HDF5 image"};
  const Handle file = create_memory_file(expected_bytes, root);
  write_attributes(file, attributes, root);
  std::set<std::string> groups;
  for (const auto& [path, array] : arrays) {
    const Where where{ErrorCode::internal, "HDF5 image: dataset " + path};
    ensure_groups(file, path, groups, where);
    write_array(file, path, array, where);
  }
  return image_of(file, root);
}

std::string hdf5_version() {
  const Session session;
  unsigned major = 0, minor = 0, release = 0;
  check(H5get_libversion(&major, &minor, &release), {ErrorCode::internal, "HDF5"}, "tell its version");
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace alea
