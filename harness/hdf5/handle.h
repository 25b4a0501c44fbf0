#pragma once

#include <hdf5.h>  // the library's; ours is "hdf5/hdf5.h"

#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/error.h"
#include "formats/safetensors.h"

namespace alea::hdf5_detail {

/// Whom to blame when the library refuses: `subject` opens the message, "runs/a/blocks/000001.h5: dataset scores".
struct Where {
  ErrorCode code;
  std::string subject;
};

/// Throws Error{where.code} "SUBJECT: can't DOING: what the library said, innermost cause first".
[[noreturn]] void fail_hdf5(const Where& where, const std::string& doing);

inline void check(herr_t status, const Where& where, const std::string& doing) {
  if (status < 0) fail_hdf5(where, doing);
}

/// What files in memory are opened as. The library refuses one whose name a file on disk has, so no file can have it.
inline constexpr const char* kMemoryFile = "/dev/null/alea";

/// Owns one identifier of the library.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  /// A negative id is a failed call and throws.
  Handle(hid_t id, Close close, const Where& where, const std::string& doing) : id_(id), close_(close) {
    if (id < 0) fail_hdf5(where, doing);
  }
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Handle& operator=(Handle&&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

/// Debian's serial library isn't thread-safe, so every use of it holds this; meanwhile the library prints nothing by itself.
class Session {
 public:
  Session();
  ~Session();
  Session(const Session&) = delete;

 private:
  std::lock_guard<std::mutex> lock_;
  H5E_auto2_t printer_ = nullptr;
  void* printer_data_ = nullptr;
};

/// The little-endian type of the library, the same in the file and in memory. Error{internal} for boolean, f16 and bf16,
/// which HDF5 has no standard type for.
hid_t little_endian_type(DType dtype);

/// The dtype whose values `type` holds in either byte order; nothing for any other type.
std::optional<DType> dtype_of(hid_t type);

}  // namespace alea::hdf5_detail
