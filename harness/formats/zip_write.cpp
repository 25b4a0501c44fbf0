#include <zlib.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstring>
#include <limits>
#include <set>

#include "core/error.h"
#include "formats/checks.h"
#include "formats/zip.h"
#include "formats/zip_layout.h"

namespace alea {
namespace {

using namespace zip;

constexpr std::uint16_t kVersion = 20, kVersion64 = 45;
constexpr std::uint16_t kMadeOnUnix = 3 << 8;
constexpr std::uint32_t kFileMode = 0100644U << 16;
constexpr std::uint16_t kTime = 0, kDate = (1 << 5) | 1;  // 1980-01-01, the first that a zip archive can name
constexpr int kLevel = 6, kRawDeflate = -15, kMemoryLevel = 8;
constexpr std::size_t kMaxPiece = std::numeric_limits<uInt>::max() / 2, kOutputPiece = 1 << 16;

void put(Bytes& out, std::string_view text) {
  const std::size_t before = out.size();
  out.resize(before + text.size());
  std::memcpy(out.data() + before, text.data(), text.size());
}

template <std::integral T>
void put(Bytes& out, T value) {
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &value, sizeof(T));
  put(out, std::string_view(bytes.data(), bytes.size()));
}

std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(std::min(value, kSaturated32)); }

struct Written {
  const ZipMember& member;
  std::uint64_t size = 0, packed_size = 0, header_offset = 0;
  std::uint32_t crc = 0;
  bool wide = false;  // the local header has 64-bit sizes

  std::uint16_t flags() const {
    return std::any_of(member.name.begin(), member.name.end(), [](char c) { return (c & 0x80) != 0; }) ? kUtf8 : 0;
  }
};

Written measure(const ZipMember& member) {
  Written written{.member = member};
  for (const auto& piece : member.pieces) {
    written.size += piece.size();
    written.crc = add_to_crc(written.crc, piece);
  }
  // Before packing nobody knows the packed size; deflate adds less than a thousandth.
  written.wide = written.size + written.size / 1000 + kOutputPiece >= kSaturated32;
  return written;
}

void put_common(Bytes& out, const Written& written, bool deflate, bool wide) {
  put<std::uint16_t>(out, wide ? kVersion64 : kVersion);
  put<std::uint16_t>(out, written.flags());
  put<std::uint16_t>(out, deflate ? kDeflated : kStored);
  put<std::uint16_t>(out, kTime);
  put<std::uint16_t>(out, kDate);
  put<std::uint32_t>(out, written.crc);
  put<std::uint32_t>(out, wide ? low(kSaturated32) : low(written.packed_size));
  put<std::uint32_t>(out, wide ? low(kSaturated32) : low(written.size));
  put<std::uint16_t>(out, static_cast<std::uint16_t>(written.member.name.size()));
}

Bytes local_header(const Written& written, bool deflate) {
  Bytes out;
  put<std::uint32_t>(out, kLocalHeader);
  put_common(out, written, deflate, written.wide);
  put<std::uint16_t>(out, written.wide ? 20 : 0);
  put(out, std::string_view(written.member.name));
  if (written.wide) {
    put<std::uint16_t>(out, kZip64Extra);
    put<std::uint16_t>(out, 16);
    put<std::uint64_t>(out, written.size);
    put<std::uint64_t>(out, written.packed_size);
  }
  return out;
}

void put_central_header(Bytes& out, const Written& written, bool deflate) {
  const bool wide = written.wide || written.header_offset >= kSaturated32;
  put<std::uint32_t>(out, kCentralHeader);
  put<std::uint16_t>(out, kMadeOnUnix | (wide ? kVersion64 : kVersion));
  put_common(out, written, deflate, wide);
  put<std::uint16_t>(out, wide ? 28 : 0);
  put<std::uint16_t>(out, 0);  // comment
  put<std::uint16_t>(out, 0);  // disk
  put<std::uint16_t>(out, 0);  // internal attributes
  put<std::uint32_t>(out, kFileMode);
  put<std::uint32_t>(out, wide ? low(kSaturated32) : low(written.header_offset));
  put(out, std::string_view(written.member.name));
  if (!wide) return;
  put<std::uint16_t>(out, kZip64Extra);
  put<std::uint16_t>(out, 24);
  put<std::uint64_t>(out, written.size);
  put<std::uint64_t>(out, written.packed_size);
  put<std::uint64_t>(out, written.header_offset);
}

void put_end(Bytes& out, std::uint64_t n_entries, std::uint64_t offset) {
  const std::uint64_t bytes = out.size() - offset, end = out.size();
  if (n_entries >= kSaturated16 || bytes >= kSaturated32 || offset >= kSaturated32) {
    put<std::uint32_t>(out, kEnd64);
    put<std::uint64_t>(out, kEnd64Bytes - 12);  // what follows this number
    put<std::uint16_t>(out, kMadeOnUnix | kVersion64);
    put<std::uint16_t>(out, kVersion64);
    put<std::uint64_t>(out, 0);  // two disk numbers
    put<std::uint64_t>(out, n_entries);
    put<std::uint64_t>(out, n_entries);
    put<std::uint64_t>(out, bytes);
    put<std::uint64_t>(out, offset);
    put<std::uint32_t>(out, kEnd64Locator);
    put<std::uint32_t>(out, 0);
    put<std::uint64_t>(out, end);
    put<std::uint32_t>(out, 1);
  }
  const auto count = static_cast<std::uint16_t>(std::min(n_entries, kSaturated16));
  put<std::uint32_t>(out, kEnd);
  put<std::uint32_t>(out, 0);  // two disk numbers
  put<std::uint16_t>(out, count);
  put<std::uint16_t>(out, count);
  put<std::uint32_t>(out, low(bytes));
  put<std::uint32_t>(out, low(offset));
  put<std::uint16_t>(out, 0);  // comment
}

/// Feeds `piece` and appends what comes out; with Z_FINISH until the stream has ended.
void deflate_piece(z_stream& stream, std::span<const std::byte> piece, int flush, Bytes& out) {
  do {
    const std::size_t fed = std::min(piece.size(), kMaxPiece);
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(piece.data()));
    stream.avail_in = static_cast<uInt>(fed);
    const std::size_t before = out.size();
    out.resize(before + kOutputPiece);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = kOutputPiece;
    const int status = deflate(&stream, flush);
    out.resize(out.size() - stream.avail_out);
    piece = piece.subspan(fed - stream.avail_in);
    if (status == Z_STREAM_END) return;
    ALEA_CHECK(status == Z_OK || status == Z_BUF_ERROR, "zlib: {}", zError(status));
  } while (!piece.empty() || stream.avail_out == 0 || flush == Z_FINISH);
}

void put_deflated(const ZipMember& member, Bytes& out) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kRawDeflate, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
    fail(ErrorCode::internal, "zlib can't be started");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, &deflateEnd);
  for (const auto& piece : member.pieces) deflate_piece(stream, piece, Z_NO_FLUSH, out);
  deflate_piece(stream, {}, Z_FINISH, out);
}

void check_names(std::span<const ZipMember> members) {
  std::set<std::string_view> names;
  for (const auto& member : members)
    if (member.name.empty() || member.name.size() > kSaturated16 || !names.insert(member.name).second)
      fail(ErrorCode::domain, "entry {} of a zip archive is empty, there twice or longer than {} bytes", in_quotes(member.name),
           kSaturated16);
}

}  // namespace

Bytes make_zip(std::span<const ZipMember> members, bool deflate) {
  check_names(members);
  std::vector<Written> all;
  std::uint64_t total = kEnd64Bytes + kEnd64LocatorBytes + kEndBytes;
  for (const auto& member : members) {
    all.push_back(measure(member));
    total += kLocalHeaderBytes + kCentralHeaderBytes + 2 * member.name.size() + 48 + (deflate ? 0 : all.back().size);
  }
  Bytes out;
  out.reserve(total);
  for (auto& written : all) {
    written.header_offset = out.size();
    out.resize(out.size() + local_header(written, deflate).size());
    const std::uint64_t begin = out.size();
    if (deflate) {
      put_deflated(written.member, out);
    } else {
      for (const auto& piece : written.member.pieces) out.insert(out.end(), piece.begin(), piece.end());
    }
    written.packed_size = out.size() - begin;
    std::ranges::copy(local_header(written, deflate), out.begin() + static_cast<std::ptrdiff_t>(written.header_offset));
  }
  const std::uint64_t directory = out.size();
  for (const auto& written : all) put_central_header(out, written, deflate);
  put_end(out, all.size(), directory);
  return out;
}

}  // namespace alea
