#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <set>

#include "core/error.h"
#include "formats/checks.h"
#include "formats/npy.h"

namespace alea {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::uint64_t kFixedBytes = 8;  // magic and version
constexpr std::size_t kMaxRank = 64;      // numpy's own limit since version 2

struct DescrRow {
  std::string_view kind;
  DType dtype;
};
constexpr std::array<DescrRow, 12> kDescrs{{{"b1", DType::boolean},
                                            {"u1", DType::u8},
                                            {"i1", DType::i8},
                                            {"i2", DType::i16},
                                            {"u2", DType::u16},
                                            {"f2", DType::f16},
                                            {"i4", DType::i32},
                                            {"u4", DType::u32},
                                            {"f4", DType::f32},
                                            {"f8", DType::f64},
                                            {"i8", DType::i64},
                                            {"u8", DType::u64}}};

/// The few forms of Python literals that numpy writes into a header.
class Literals {
 public:
  Literals(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) refuse(std::string(1, c));
  }
  std::string_view string() {
    skip_space();
    const char quote = at_ < text_.size() ? text_[at_] : ' ';
    const auto end = quote == '\'' || quote == '"' ? text_.find(quote, at_ + 1) : text_.npos;
    if (end == text_.npos) refuse("a quoted text");
    const auto found = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return found;
  }
  bool boolean() {
    skip_space();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    }
    refuse("True or False");
  }
  std::uint64_t number() {
    skip_space();
    std::uint64_t value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc{} || value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      refuse("a whole number in [0, 2^63)");
    at_ += static_cast<std::size_t>(end - begin);
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote its long integers so
    return value;
  }
  std::string_view rest() const { return text_.substr(at_); }
  [[noreturn]] void refuse(const std::string& expected) const {
    fail(ErrorCode::data, "{}: npy header: expected {}, found {}", source_, expected, in_quotes(rest(), 60));
  }

 private:
  std::string_view text_;
  std::string source_;
  std::size_t at_ = 0;
};

std::string_view what_it_is(char kind) {
  switch (kind) {
    case 'O':
      return "Python objects";
    case 'U':
    case 'S':
    case 'a':
      return "text";
    case 'V':
      return "records or raw bytes";
    case 'c':
      return "complex numbers";
    case 'M':
    case 'm':
      return "dates or times";
    default:
      return "numbers of a kind that isn't read";
  }
}

DType read_descr(std::string_view descr, bool& big_endian, const std::string& source) {
  const std::string_view orders = "<>|=";
  const bool has_order = !descr.empty() && orders.find(descr.front()) != orders.npos;
  const std::string_view kind = descr.substr(has_order ? 1 : 0);
  for (const auto& row : kDescrs)
    if (kind == row.kind) {
      big_endian = has_order && descr.front() == '>' && dtype_bytes(row.dtype) > 1;
      return row.dtype;
    }
  fail(ErrorCode::data,
       "{}: expected an array of real numbers, found {} (dtype {}); save it as numbers: "
       "numpy.savez(path, name=numpy.asarray(array, numpy.float64))",
       source, what_it_is(kind.empty() ? ' ' : kind.front()), in_quotes(descr, 40));
}

std::vector<std::uint64_t> read_shape(Literals& literals) {
  std::vector<std::uint64_t> shape;
  literals.expect('(');
  while (!literals.take(')')) {
    if (shape.size() == kMaxRank) literals.refuse(fmt::format("at most {} axes", kMaxRank));
    shape.push_back(literals.number());
    if (!literals.take(',')) {
      if (shape.size() == 1) literals.refuse("a comma after the only axis");
      literals.expect(')');
      break;
    }
  }
  return shape;
}

/// The text of the header; sets where the data begins.
std::string_view header_text(std::span<const std::byte> start, std::uint64_t& header_bytes, const std::string& source) {
  if (!begins_with(start, kMagic))
    fail(ErrorCode::data, "{}: offset 0: expected the npy format's \"\\x93NUMPY\", found {}", source,
         in_quotes(as_text(start.first(std::min(start.size(), kMagic.size())))));
  const auto version = start.size() > kMagic.size() ? std::to_integer<int>(start[kMagic.size()]) : 0;
  if (version < 1 || version > 3)
    fail(ErrorCode::data, "{}: offset 6: expected version 1, 2 or 3 of the npy format, found {}", source, version);
  const std::uint64_t length_bytes = version == 1 ? 2 : 4;
  if (start.size() < kFixedBytes + length_bytes)
    fail(ErrorCode::data, "{}: expected the npy header's length, found the end of {} bytes", source, start.size());
  const std::uint64_t length = version == 1 ? load<std::uint16_t>(start, kFixedBytes) : load<std::uint32_t>(start, kFixedBytes);
  header_bytes = kFixedBytes + length_bytes + length;
  if (header_bytes > kMaxNpyHeaderBytes || header_bytes > start.size())
    fail(ErrorCode::data, "{}: expected an npy header of at most {} bytes, found a length of {}", source,
         std::min<std::uint64_t>(kMaxNpyHeaderBytes, start.size()), header_bytes);
  return as_text(start.subspan(kFixedBytes + length_bytes, length));
}

}  // namespace

std::uint64_t NpyHeader::elements() const { return data_bytes() / dtype_bytes(dtype); }

std::uint64_t NpyHeader::data_bytes() const {
  const auto bytes = byte_count(std::span<const std::uint64_t>(shape), dtype_bytes(dtype));
  ALEA_CHECK(bytes.has_value(), "the shape of an npy header isn't checked");
  return *bytes;
}

NpyHeader parse_npy_header(std::span<const std::byte> start, const std::string& source) {
  NpyHeader header;
  Literals literals(header_text(start, header.header_bytes, source), source);
  std::set<std::string_view> keys;
  literals.expect('{');
  while (!literals.take('}')) {
    const auto key = literals.string();
    if (!keys.insert(key).second) literals.refuse("each key once");
    literals.expect(':');
    if (key == "descr") {
      if (literals.take('[')) literals.refuse("real numbers (records can't be read; save each column as an array)");
      header.dtype = read_descr(literals.string(), header.big_endian, source);
    } else if (key == "fortran_order") {
      header.fortran_order = literals.boolean();
    } else if (key == "shape") {
      header.shape = read_shape(literals);
    } else {
      literals.refuse("descr, fortran_order or shape as a key before");
    }
    if (!literals.take(',')) {
      literals.expect('}');
      break;
    }
  }
  literals.skip_space();
  if (!literals.rest().empty()) literals.refuse("nothing but spaces after it");
  if (keys.size() != 3) literals.refuse("the keys descr, fortran_order and shape");
  if (!byte_count(std::span<const std::uint64_t>(header.shape), dtype_bytes(header.dtype)))
    fail(ErrorCode::data, "{}: npy header: the product of the shape overflows", source);
  return header;
}

}  // namespace alea
