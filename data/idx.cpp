#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "data/dataset.h"
#include "formats/gzip.h"

namespace alea {
namespace {

constexpr unsigned kUnsignedByte = 0x08;
constexpr unsigned kMaxRank = 4;
constexpr std::uint64_t kMaxValues = std::uint64_t{1} << 32;

/// Bytes of the unpacked file in order, whether it is packed or not.
class ByteStream {
 public:
  ByteStream(std::span<const std::byte> file, const std::string& source) : file_(file), source_(source) {
    if (is_gzip(file)) gzip_.emplace(file, source);
  }

  std::uint64_t offset() const { return offset_; }

  /// The most that can still follow.
  std::uint64_t bound() const { return gzip_ ? file_.size() * kMaxDeflateRatio : file_.size() - offset_; }

  std::size_t read_some(std::span<std::byte> out) {
    std::size_t n = 0;
    if (gzip_) {
      n = gzip_->read(out);
    } else {
      n = std::min(out.size(), file_.size() - static_cast<std::size_t>(offset_));
      std::copy_n(file_.begin() + static_cast<std::ptrdiff_t>(offset_), n, out.begin());
    }
    offset_ += n;
    return n;
  }

  void read(std::span<std::byte> out, const char* what) {
    const std::uint64_t at = offset_;
    const std::size_t n = read_some(out);
    if (n != out.size())
      fail(ErrorCode::data, "{}: offset {}: expected {} bytes of {}, found {}; is it truncated?", source_, at, out.size(), what,
           n);
  }

 private:
  std::span<const std::byte> file_;
  const std::string& source_;
  std::optional<GzipReader> gzip_;
  std::uint64_t offset_ = 0;
};

std::vector<std::uint32_t> read_shape(ByteStream& stream, const std::string& source) {
  std::array<std::byte, 4> magic{};
  stream.read(magic, "magic");
  if (magic[0] != std::byte{0} || magic[1] != std::byte{0})
    fail(ErrorCode::data, "{}: offset 0: expected the bytes 00 00 of an IDX file, found {:02x} {:02x}", source,
         std::to_integer<unsigned>(magic[0]), std::to_integer<unsigned>(magic[1]));
  if (std::to_integer<unsigned>(magic[2]) != kUnsignedByte)
    fail(ErrorCode::data, "{}: offset 2: expected type {:#04x} (unsigned byte), found {:#04x}", source, kUnsignedByte,
         std::to_integer<unsigned>(magic[2]));
  const auto rank = std::to_integer<unsigned>(magic[3]);
  if (rank < 1 || rank > kMaxRank)
    fail(ErrorCode::data, "{}: offset 3: expected 1 to {} dimensions, found {}", source, kMaxRank, rank);
  std::vector<std::uint32_t> shape(rank);
  for (auto& extent : shape) {
    std::array<std::byte, 4> word{};
    stream.read(word, "a dimension");
    extent = 0;
    for (const std::byte b : word) extent = extent << 8 | std::to_integer<std::uint32_t>(b);
  }
  return shape;
}

}  // namespace

IdxArray parse_idx(std::span<const std::byte> file, const std::string& source) {
  ByteStream stream(file, source);
  IdxArray array{.shape = read_shape(stream, source), .values = {}};
  std::uint64_t count = 1;
  const std::uint64_t bound = std::min(stream.bound(), kMaxValues);
  for (const std::uint32_t extent : array.shape)
    if (__builtin_mul_overflow(count, extent, &count)) count = kMaxValues + 1;
  if (count > bound)
    fail(ErrorCode::data, "{}: offset {}: the dimensions expect {} values, found room for at most {}; is it truncated?", source,
         stream.offset(), count > kMaxValues ? "more than 2^32" : std::to_string(count), bound);
  array.values.resize(count);
  stream.read(std::as_writable_bytes(std::span(array.values)), "values");
  std::array<std::byte, 1> extra{};
  const std::uint64_t end = stream.offset();
  if (stream.read_some(extra) != 0)
    fail(ErrorCode::data, "{}: offset {}: expected the end of the file after {} values, found more bytes", source, end, count);
  return array;
}

IdxArray read_idx(const fs::path& path) { return parse_idx(read_file(path), path.string()); }

}  // namespace alea
