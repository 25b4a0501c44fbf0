#include "hdf5/handle.h"

#include <array>

namespace alea::hdf5_detail {
namespace {

std::mutex& library_mutex() {
  static std::mutex mutex;
  return mutex;
}

herr_t collect_cause(unsigned, const H5E_error2_t* error, void* out) {
  auto& text = *static_cast<std::string*>(out);
  if (error->desc == nullptr || *error->desc == '\0') return 0;
  if (!text.empty()) text += "; ";
  text += error->desc;
  return 0;
}

struct TypeRow {
  DType dtype;
  hid_t little, big;
};

// The names are macros that read variables of the library, which are set only once it is open.
std::array<TypeRow, 10> type_rows() {
  return {{{DType::u8, H5T_STD_U8LE, H5T_STD_U8BE},
           {DType::i8, H5T_STD_I8LE, H5T_STD_I8BE},
           {DType::i16, H5T_STD_I16LE, H5T_STD_I16BE},
           {DType::u16, H5T_STD_U16LE, H5T_STD_U16BE},
           {DType::i32, H5T_STD_I32LE, H5T_STD_I32BE},
           {DType::u32, H5T_STD_U32LE, H5T_STD_U32BE},
           {DType::i64, H5T_STD_I64LE, H5T_STD_I64BE},
           {DType::u64, H5T_STD_U64LE, H5T_STD_U64BE},
           {DType::f32, H5T_IEEE_F32LE, H5T_IEEE_F32BE},
           {DType::f64, H5T_IEEE_F64LE, H5T_IEEE_F64BE}}};
}

}  // namespace

void fail_hdf5(const Where& where, const std::string& doing) {
  std::string causes;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect_cause, &causes);
  fail(where.code, "{}: can't {}: {}", where.subject, doing, causes.empty() ? "HDF5 gave no reason" : causes);
}

Session::Session() : lock_(library_mutex()) {
  H5Eget_auto2(H5E_DEFAULT, &printer_, &printer_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Session::~Session() { H5Eset_auto2(H5E_DEFAULT, printer_, printer_data_); }

hid_t little_endian_type(DType dtype) {
  for (const auto& row : type_rows())
    if (row.dtype == dtype) return row.little;
  fail(ErrorCode::internal, "arrays of dtype {} can't be stored in HDF5; convert to F32 or U8 first", dtype_name(dtype));
}

std::optional<DType> dtype_of(hid_t type) {
  for (const auto& row : type_rows())
    if (H5Tequal(type, row.little) > 0 || H5Tequal(type, row.big) > 0) return row.dtype;
  return std::nullopt;
}

}  // namespace alea::hdf5_detail
