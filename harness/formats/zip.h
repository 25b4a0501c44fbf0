#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/files.h"

namespace alea {

struct ZipEntry {
  std::string name;
  std::uint64_t size = 0, packed_size = 0;
  std::uint64_t offset = 0;  ///< of the packed bytes in the file
  std::uint32_t crc32 = 0;
  bool deflated = false;  ///< else stored
};

/// The central directory of a zip archive in memory (zip64 and data descriptors included), every offset and length checked
/// against the file before it is used. `file` must outlive the archive; `source` is named in errors. Error{data} for encrypted or
/// otherwise packed entries, overlapping or duplicate ones, entries that claim to unpack to more than deflate can, and archives
/// in several parts or behind other bytes.
class ZipArchive {
 public:
  ZipArchive(std::span<const std::byte> file, std::string source);
  const std::vector<ZipEntry>& entries() const { return entries_; }
  const ZipEntry* find(const std::string& name) const;  ///< null when there is none
  const std::string& source() const { return source_; }

  std::span<const std::byte> packed(const ZipEntry& entry) const;
  /// The whole entry, unpacked, its CRC checked. Error{data} names the entry.
  Bytes read(const ZipEntry& entry) const;
  /// The bytes of an entry that isn't deflated where they lie in the file, their CRC checked (which reads all of them).
  std::span<const std::byte> stored(const ZipEntry& entry) const;

 private:
  std::span<const std::byte> file_;
  std::string source_;
  std::vector<ZipEntry> entries_;
  std::map<std::string, std::size_t> index_;
};

/// Unpacks one entry piece by piece, for arrays that don't fit in memory. The CRC is checked when the last byte is read or
/// skipped.
class ZipEntryReader {
 public:
  ZipEntryReader(const ZipArchive& archive, const ZipEntry& entry);
  ~ZipEntryReader();
  ZipEntryReader(ZipEntryReader&&) noexcept;
  void read(std::span<std::byte> out);  ///< fills all of out; Error{data} when the entry ends early
  void skip(std::uint64_t bytes);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

bool is_zip(std::span<const std::byte> file);  ///< begins as a zip archive does, even one of no entries

struct ZipMember {
  std::string name;
  std::vector<std::span<const std::byte>> pieces;  ///< written one after another
};
/// A zip archive in memory (zip64 where sizes or their number need it), time stamps fixed: equal input gives equal bytes.
/// Error{domain} for a name that is empty, there twice or longer than 65535 bytes.
Bytes make_zip(std::span<const ZipMember> members, bool deflate);

}  // namespace alea
