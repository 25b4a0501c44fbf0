#include "formats/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "core/error.h"

namespace alea {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, and a gzip header is expected
constexpr std::size_t kMaxPiece = std::numeric_limits<uInt>::max() / 2;

}  // namespace

struct GzipReader::Stream : z_stream {};

bool is_gzip(std::span<const std::byte> file) {
  return file.size() >= 2 && file[0] == std::byte{0x1f} && file[1] == std::byte{0x8b};
}

GzipReader::GzipReader(std::span<const std::byte> file, std::string source)
    : stream_(std::make_unique<Stream>()), file_(file), source_(std::move(source)) {
  if (inflateInit2(stream_.get(), kGzipWindow) != Z_OK) fail(ErrorCode::internal, "{}: zlib can't be started", source_);
  stream_->next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(file_.data()));
}

GzipReader::~GzipReader() { inflateEnd(stream_.get()); }

std::size_t GzipReader::read(std::span<std::byte> out) {
  z_stream& stream = *stream_;
  const auto consumed = [&] {
    return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(stream.next_in) - file_.data());
  };
  std::size_t done = 0;
  while (done < out.size() && !ended_) {
    const std::size_t room = std::min(out.size() - done, kMaxPiece);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream.avail_out = static_cast<uInt>(room);
    stream.avail_in = static_cast<uInt>(std::min(file_.size() - consumed(), kMaxPiece));
    const int status = inflate(&stream, Z_NO_FLUSH);
    done += room - stream.avail_out;
    ended_ = status == Z_STREAM_END;
    if (status == Z_BUF_ERROR)
      fail(ErrorCode::data, "{}: offset {}: expected more gzip data, found the end of the file; is it truncated?", source_,
           consumed());
    if (status != Z_OK && status != Z_STREAM_END)
      fail(ErrorCode::data, "{}: offset {}: damaged gzip data: {}", source_, consumed(),
           stream.msg != nullptr ? stream.msg : zError(status));
  }
  if (ended_ && consumed() != file_.size())
    fail(ErrorCode::data, "{}: offset {}: expected the end of the file after the gzip data, found {} more bytes", source_,
         consumed(), file_.size() - consumed());
  return done;
}

}  // namespace alea
