#include "formats/zip.h"

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "formats/checks.h"
#include "formats/gzip.h"
#include "formats/zip_layout.h"

namespace alea {
namespace {

using namespace zip;
using Span = std::span<const std::byte>;

struct Directory {
  std::uint64_t n_entries = 0, offset = 0, bytes = 0;
  std::uint64_t disk = 0, first_disk = 0, n_on_disk = 0;
};

/// Where a record of `bytes` bytes with this signature begins, else an error.
Span record(Span file, std::uint64_t offset, std::uint64_t bytes, std::uint32_t signature, const std::string& where) {
  if (offset > file.size() || file.size() - offset < bytes)
    fail(ErrorCode::data, "{}: offset {}: expected {} bytes of a zip record, found the end of the file", where, offset, bytes);
  const Span found = file.subspan(offset, bytes);
  if (load<std::uint32_t>(found, 0) != signature)
    fail(ErrorCode::data, "{}: offset {}: expected a zip record {:#010x}, found {:#010x}; damaged?", where, offset, signature,
         load<std::uint32_t>(found, 0));
  return found;
}

/// The record at the end of the file, behind which only its own comment may stand.
std::uint64_t find_end(Span file, const std::string& source) {
  if (file.size() >= kEndBytes) {
    const std::uint64_t last = file.size() - kEndBytes;
    const std::uint64_t first = last - std::min<std::uint64_t>(last, kSaturated16);
    for (std::uint64_t at = last + 1; at-- > first;)
      if (load<std::uint32_t>(file, at) == kEnd && load<std::uint16_t>(file, at + 20) == last - at) return at;
  }
  fail(ErrorCode::data, "{}: expected a zip archive's directory at the end of {} bytes, found none; is it truncated?", source,
       file.size());
}

Directory read_end(Span file, std::uint64_t end) {
  const Span r = file.subspan(end, kEndBytes);
  return {.n_entries = load<std::uint16_t>(r, 10),
          .offset = load<std::uint32_t>(r, 16),
          .bytes = load<std::uint32_t>(r, 12),
          .disk = load<std::uint16_t>(r, 4),
          .first_disk = load<std::uint16_t>(r, 6),
          .n_on_disk = load<std::uint16_t>(r, 8)};
}

Directory read_end64(Span file, std::uint64_t offset, const std::string& source) {
  const Span r = record(file, offset, kEnd64Bytes, kEnd64, source);
  return {.n_entries = load<std::uint64_t>(r, 32),
          .offset = load<std::uint64_t>(r, 48),
          .bytes = load<std::uint64_t>(r, 40),
          .disk = load<std::uint32_t>(r, 16),
          .first_disk = load<std::uint32_t>(r, 20),
          .n_on_disk = load<std::uint64_t>(r, 24)};
}

/// Position and size of the central directory, known to lie in the file before the records that name it.
Directory find_directory(Span file, const std::string& source) {
  std::uint64_t end = find_end(file, source);
  Directory directory = read_end(file, end);
  if (end >= kEnd64LocatorBytes && load<std::uint32_t>(file, end - kEnd64LocatorBytes) == kEnd64Locator) {
    const std::uint64_t end64 = load<std::uint64_t>(file, end - kEnd64LocatorBytes + 8);
    const Directory wide = read_end64(file, end64, source);
    const auto take = [](std::uint64_t& value, std::uint64_t saturated, std::uint64_t other) {
      if (value == saturated) value = other;
    };
    take(directory.n_entries, kSaturated16, wide.n_entries);
    take(directory.n_on_disk, kSaturated16, wide.n_on_disk);
    take(directory.disk, kSaturated16, wide.disk);
    take(directory.first_disk, kSaturated16, wide.first_disk);
    take(directory.offset, kSaturated32, wide.offset);
    take(directory.bytes, kSaturated32, wide.bytes);
    end = end64;
  }
  if (directory.disk != 0 || directory.first_disk != 0 || directory.n_on_disk != directory.n_entries)
    fail(ErrorCode::data, "{}: expected a zip archive in one part, found one in several", source);
  if (directory.bytes > end || directory.offset > end - directory.bytes)
    fail(ErrorCode::data, "{}: expected the zip directory before offset {}, found {} bytes from offset {}", source, end,
         directory.bytes, directory.offset);
  if (directory.n_entries > directory.bytes / kCentralHeaderBytes)
    fail(ErrorCode::data, "{}: expected at most {} entries in a zip directory of {} bytes, found {}", source,
         directory.bytes / kCentralHeaderBytes, directory.bytes, directory.n_entries);
  return directory;
}

/// Puts the 64-bit numbers of the zip64 extra field where the header's own are saturated.
void widen(Span extra, std::initializer_list<std::uint64_t*> numbers, const std::string& where) {
  if (std::none_of(numbers.begin(), numbers.end(), [](const std::uint64_t* n) { return *n == kSaturated32; })) return;
  while (extra.size() >= 4) {
    const std::uint64_t bytes = load<std::uint16_t>(extra, 2);
    if (bytes > extra.size() - 4) break;
    if (load<std::uint16_t>(extra, 0) != kZip64Extra) {
      extra = extra.subspan(4 + bytes);
      continue;
    }
    Span field = extra.subspan(4, bytes);
    for (std::uint64_t* number : numbers) {
      if (*number != kSaturated32) continue;
      if (field.size() < 8) fail(ErrorCode::data, "{}: expected 8 more bytes in the zip64 field, found {}", where, field.size());
      *number = load<std::uint64_t>(field, 0);
      field = field.subspan(8);
    }
    return;
  }
  fail(ErrorCode::data, "{}: expected a zip64 field with the sizes, found none", where);
}

void check_packing(std::uint16_t flags, std::uint16_t method, const ZipEntry& entry, const std::string& where) {
  if ((flags & (kEncrypted | kPatch | kMaskedHeader)) != 0)
    fail(ErrorCode::data, "{}: expected a plain entry, found an encrypted or patched one (flags {:#06x})", where, flags);
  if (method != kStored && method != kDeflated)
    fail(ErrorCode::data, "{}: expected a stored or deflated entry (method 0 or 8), found method {}; pack it again", where,
         method);
  if (method == kStored && entry.size != entry.packed_size)
    fail(ErrorCode::data, "{}: expected {} stored bytes, found {}", where, entry.size, entry.packed_size);
  if (entry.size / kMaxDeflateRatio > entry.packed_size)
    fail(ErrorCode::data, "{}: {} packed bytes can't unpack to {}", where, entry.packed_size, entry.size);
}

/// Where the entry's bytes begin and that they end before the directory, by its local header.
void locate(Span file, std::uint64_t header_offset, std::uint64_t limit, ZipEntry& entry, const std::string& where) {
  const Span header = record(file, header_offset, kLocalHeaderBytes, kLocalHeader, where);
  const std::uint64_t name_bytes = load<std::uint16_t>(header, 26), extra_bytes = load<std::uint16_t>(header, 28);
  entry.offset = header_offset + kLocalHeaderBytes + name_bytes + extra_bytes;
  if (entry.offset > limit || limit - entry.offset < entry.packed_size)
    fail(ErrorCode::data, "{}: expected {} packed bytes between offset {} and the directory at {}", where, entry.packed_size,
         entry.offset, limit);
  if (as_text(file.subspan(header_offset + kLocalHeaderBytes, name_bytes)) != entry.name ||
      load<std::uint16_t>(header, 8) != (entry.deflated ? kDeflated : kStored))
    fail(ErrorCode::data, "{}: offset {}: the entry's own header and the directory disagree", where, header_offset);
}

struct Located {
  ZipEntry entry;
  std::uint64_t header_offset = 0;
};

/// Takes one header from the front of `rest`.
Located read_entry(Span file, const Directory& directory, Span& rest, const std::string& source) {
  const std::uint64_t at = directory.offset + directory.bytes - rest.size();
  const Span header = record(rest, 0, kCentralHeaderBytes, kCentralHeader, fmt::format("{}: directory at {}", source, at));
  const std::uint64_t name_bytes = load<std::uint16_t>(header, 28), extra_bytes = load<std::uint16_t>(header, 30);
  const std::uint64_t comment_bytes = load<std::uint16_t>(header, 32);
  if (rest.size() - kCentralHeaderBytes < name_bytes + extra_bytes + comment_bytes)
    fail(ErrorCode::data, "{}: offset {}: a name in the zip directory runs past its end", source, at);
  Located found;
  ZipEntry& entry = found.entry;
  entry.name = as_text(rest.subspan(kCentralHeaderBytes, name_bytes));
  const std::string where = fmt::format("{}: entry {}", source, in_quotes(entry.name));
  entry.crc32 = load<std::uint32_t>(header, 16);
  entry.packed_size = load<std::uint32_t>(header, 20);
  entry.size = load<std::uint32_t>(header, 24);
  found.header_offset = load<std::uint32_t>(header, 42);
  widen(rest.subspan(kCentralHeaderBytes + name_bytes, extra_bytes), {&entry.size, &entry.packed_size, &found.header_offset},
        where);
  const auto method = load<std::uint16_t>(header, 10);
  check_packing(load<std::uint16_t>(header, 8), method, entry, where);
  entry.deflated = method == kDeflated;
  locate(file, found.header_offset, directory.offset, entry, where);
  rest = rest.subspan(kCentralHeaderBytes + name_bytes + extra_bytes + comment_bytes);
  return found;
}

/// Entries that share bytes would let a small file claim any amount of data.
void check_apart(const std::vector<Located>& found, const std::string& source) {
  std::vector<const Located*> order;
  for (const auto& one : found) order.push_back(&one);
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->header_offset < b->header_offset; });
  for (std::size_t i = 1; i < order.size(); ++i)
    if (order[i]->header_offset < order[i - 1]->entry.offset + order[i - 1]->entry.packed_size)
      fail(ErrorCode::data, "{}: entries {} and {} overlap", source, in_quotes(order[i - 1]->entry.name),
           in_quotes(order[i]->entry.name));
}

}  // namespace

bool is_zip(Span file) { return begins_with(file, "PK\3\4") || begins_with(file, "PK\5\6"); }

ZipArchive::ZipArchive(Span file, std::string source) : file_(file), source_(std::move(source)) {
  const Directory directory = find_directory(file_, source_);
  Span rest = file_.subspan(directory.offset, directory.bytes);
  std::vector<Located> found;
  for (std::uint64_t i = 0; i < directory.n_entries; ++i) found.push_back(read_entry(file_, directory, rest, source_));
  if (!rest.empty())
    fail(ErrorCode::data, "{}: expected {} entries in the zip directory, found {} more bytes", source_, directory.n_entries,
         rest.size());
  check_apart(found, source_);
  for (auto& one : found) {
    if (!index_.emplace(one.entry.name, entries_.size()).second)
      fail(ErrorCode::data, "{}: expected each entry once, found {} twice", source_, in_quotes(one.entry.name));
    entries_.push_back(std::move(one.entry));
  }
}

const ZipEntry* ZipArchive::find(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &entries_[found->second];
}

std::span<const std::byte> ZipArchive::packed(const ZipEntry& entry) const {
  return file_.subspan(entry.offset, entry.packed_size);
}

}  // namespace alea
