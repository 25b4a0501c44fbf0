#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/checks.h"

namespace alea {

/// A global that a pickle may name, as "module.name", and what becomes of a call of it: nothing is ever run.
struct PickleGlobal {
  std::string_view name;
  bool makes_dict = false;  ///< else the call is kept as it stands
};

using PickleRef = std::uint32_t;  ///< an index into a PickleReader: a pickle's objects may contain themselves

struct PickleValue {
  enum class Kind {
    none,
    boolean,     ///< integer
    integer,     ///< integer
    big,         ///< text: a two's complement of more than 8 bytes, little-endian
    real,        ///< real
    text,        ///< text
    bytes,       ///< text
    tuple,       ///< items
    list,        ///< items
    set,         ///< items
    dict,        ///< items: key, value, key, value, ...
    global,      ///< integer: an index into the allowed globals
    call,        ///< items: the global, the tuple of its arguments
    persistent,  ///< items: the identifier
  };
  Kind kind = Kind::none;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text{};  ///< lies in the pickle
  std::vector<PickleRef> items{};
};

/// A machine for Python's pickles of protocol 2 to 5 that builds containers, numbers and texts and runs nothing. Error{data}
/// names `source` and the offset of what it refuses: an opcode that it doesn't know, a global that isn't allowed, a stack that
/// runs empty, a length beyond the bytes, or more than four million values. State given to an object (BUILD) is dropped.
class PickleReader {
 public:
  /// `bytes` and `allowed` must outlive the reader and what it read.
  PickleReader(std::span<const std::byte> bytes, std::string source, std::span<const PickleGlobal> allowed);

  /// Reads one pickle from the present offset to its STOP; the next call reads the one behind it.
  PickleRef read();
  std::size_t offset() const { return at_; }
  void skip(std::uint64_t bytes) { opcode_at_ = at_, take(bytes); }

  PickleRef size() const { return static_cast<PickleRef>(values_.size()); }
  const PickleValue& operator[](PickleRef ref) const { return values_[ref]; }
  std::string_view global_name(PickleRef ref) const { return allowed_[static_cast<std::size_t>(values_[ref].integer)].name; }

 private:
  bool run_number(std::uint8_t opcode);
  bool run_text(std::uint8_t opcode);
  bool run_container(std::uint8_t opcode);
  bool run_memo(std::uint8_t opcode);
  bool run_call(std::uint8_t opcode);
  bool run_stack(std::uint8_t opcode);

  std::span<const std::byte> take(std::uint64_t bytes);
  template <class T>
  T number() {
    return load<T>(take(sizeof(T)), 0);
  }
  std::string_view line();

  PickleRef make(PickleValue value);
  void push(PickleValue value) { stack_.push_back(make(std::move(value))); }
  void push_text(PickleValue::Kind kind, std::uint64_t bytes) { push({.kind = kind, .text = as_text(take(bytes))}); }
  void push_long(std::uint64_t bytes);
  void push_global(const std::string& name);
  PickleRef pop();
  std::vector<PickleRef> pop_to_mark();
  PickleValue& top_container(PickleValue::Kind kind, const char* what);
  void add_pairs(std::vector<PickleRef> pairs);
  void call();
  [[noreturn]] void refuse(const std::string& problem) const;

  std::span<const std::byte> bytes_;
  std::string source_;
  std::span<const PickleGlobal> allowed_;
  std::size_t at_ = 0, opcode_at_ = 0, n_in_dicts_ = 0;
  std::vector<PickleValue> values_;
  std::vector<PickleRef> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, PickleRef> memo_;
};

}  // namespace alea
