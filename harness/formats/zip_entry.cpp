#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "core/error.h"
#include "formats/checks.h"
#include "formats/zip.h"
#include "formats/zip_layout.h"

namespace alea {
namespace {

constexpr int kRawDeflate = -15;
constexpr std::size_t kMaxPiece = std::numeric_limits<uInt>::max() / 2;

std::string name_in(const ZipArchive& archive, const ZipEntry& entry) {
  return fmt::format("{}: entry {}", archive.source(), in_quotes(entry.name));
}

void check_crc(std::uint32_t expected, std::uint32_t found, const std::string& where) {
  if (found != expected) fail(ErrorCode::data, "{}: damaged: expected CRC-32 {:08x}, found {:08x}", where, expected, found);
}

}  // namespace

std::uint32_t zip::add_to_crc(std::uint32_t crc, std::span<const std::byte> bytes) {
  // zlib takes a null pointer as the wish for a fresh sum.
  if (bytes.empty()) return crc;
  return static_cast<std::uint32_t>(crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

struct ZipEntryReader::Stream {
  std::span<const std::byte> packed;
  std::string where;
  std::uint64_t left;  // unpacked bytes
  std::uint32_t expected_crc, crc = 0;
  bool deflated, checked = false;
  z_stream inflater{};

  Stream(const ZipArchive& archive, const ZipEntry& entry)
      : packed(archive.packed(entry)),
        where(name_in(archive, entry)),
        left(entry.size),
        expected_crc(entry.crc32),
        deflated(entry.deflated) {
    if (deflated && inflateInit2(&inflater, kRawDeflate) != Z_OK) fail(ErrorCode::internal, "{}: zlib can't be started", where);
  }
  ~Stream() {
    if (deflated) inflateEnd(&inflater);
  }
  Stream(const Stream&) = delete;

  /// One call of inflate over at most kMaxPiece bytes; returns how many it made.
  std::size_t inflate_some(std::span<std::byte> out, int& status) {
    const std::size_t room = std::min(out.size(), kMaxPiece), fed = std::min(packed.size(), kMaxPiece);
    inflater.next_out = reinterpret_cast<Bytef*>(out.data());
    inflater.avail_out = static_cast<uInt>(room);
    inflater.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));
    inflater.avail_in = static_cast<uInt>(fed);
    status = inflate(&inflater, Z_NO_FLUSH);
    packed = packed.subspan(fed - inflater.avail_in);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      fail(ErrorCode::data, "{}: damaged deflate data: {}", where, inflater.msg != nullptr ? inflater.msg : zError(status));
    return room - inflater.avail_out;
  }

  void inflate_all(std::span<std::byte> out) {
    while (!out.empty()) {
      int status = Z_OK;
      const std::size_t made = inflate_some(out, status);
      out = out.subspan(made);
      if (!out.empty() && status != Z_OK)
        fail(ErrorCode::data, "{}: expected {} more unpacked bytes, found the end of the packed ones; is it truncated?", where,
             out.size());
    }
  }

  void read(std::span<std::byte> out) {
    if (out.size() > left) fail(ErrorCode::data, "{}: expected {} more bytes, found {}", where, out.size(), left);
    if (deflated) {
      inflate_all(out);
    } else if (!out.empty()) {
      std::memcpy(out.data(), packed.data(), out.size());
      packed = packed.subspan(out.size());
    }
    crc = zip::add_to_crc(crc, out);
    left -= out.size();
    if (left == 0 && !checked) check_end();
  }

  void check_end() {
    checked = true;
    if (deflated) {
      std::array<std::byte, 1> beyond{};
      int status = Z_OK;
      const std::size_t made = inflate_some(beyond, status);
      if (made != 0 || status != Z_STREAM_END || !packed.empty())
        fail(ErrorCode::data, "{}: expected the end of the packed bytes, found more; the directory's size is wrong", where);
    }
    check_crc(expected_crc, crc, where);
  }
};

ZipEntryReader::ZipEntryReader(const ZipArchive& archive, const ZipEntry& entry)
    : stream_(std::make_unique<Stream>(archive, entry)) {}
ZipEntryReader::~ZipEntryReader() = default;
ZipEntryReader::ZipEntryReader(ZipEntryReader&&) noexcept = default;

void ZipEntryReader::read(std::span<std::byte> out) { stream_->read(out); }

void ZipEntryReader::skip(std::uint64_t bytes) {
  constexpr std::uint64_t kPiece = 1 << 16;
  Bytes piece(std::min(bytes, kPiece));
  for (std::uint64_t left = bytes; left > 0; left -= std::min(left, kPiece)) read(std::span(piece).first(std::min(left, kPiece)));
}

Bytes ZipArchive::read(const ZipEntry& entry) const {
  Bytes out(entry.size);
  ZipEntryReader(*this, entry).read(out);
  return out;
}

std::span<const std::byte> ZipArchive::stored(const ZipEntry& entry) const {
  ALEA_CHECK(!entry.deflated, "{}: is deflated", name_in(*this, entry));
  check_crc(entry.crc32, zip::add_to_crc(0, packed(entry)), name_in(*this, entry));
  return packed(entry);
}

}  // namespace alea
