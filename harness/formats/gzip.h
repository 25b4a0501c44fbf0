#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace alea {

/// No deflate stream unpacks to more than this many times its size (zlib's manual): a bound on what a file can claim.
inline constexpr std::uint64_t kMaxDeflateRatio = 1032;

bool is_gzip(std::span<const std::byte> file);

/// Unpacks one gzip member held in memory, piece by piece, so that a claimed length is checked before memory is taken for it.
/// `file` must outlive the reader; `source` is named in errors.
class GzipReader {
 public:
  GzipReader(std::span<const std::byte> file, std::string source);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;

  /// Fills `out` as far as the stream goes and returns how many bytes that was. Error{data} names the offset of the packed
  /// bytes where they are damaged or end early, and for bytes after the member.
  std::size_t read(std::span<std::byte> out);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  std::span<const std::byte> file_;
  std::string source_;
  bool ended_ = false;
};

}  // namespace alea
