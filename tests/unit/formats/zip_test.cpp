#include "formats/zip.h"

#include "tests/unit/formats/format_test.h"

namespace alea {
namespace {

const Bytes kLong = to_bytes(std::string(3000, 'a') + std::string(3000, 'b') + "the end");
const Bytes kShort = to_bytes("short");

Bytes two_entries(bool deflate) {
  const std::span<const std::byte> whole(kLong);
  const std::vector<ZipMember> members{{"folder/long", {whole.first(7), whole.subspan(7)}}, {"short", {kShort}}, {"none", {}}};
  return make_zip(members, deflate);
}

std::map<std::string, Bytes> read_all(std::span<const std::byte> file) {
  const ZipArchive archive(file, "some.zip");
  std::map<std::string, Bytes> contents;
  for (const auto& entry : archive.entries()) contents[entry.name] = archive.read(entry);
  return contents;
}

/// Puts a little-endian number at an offset.
template <class T>
Bytes patched(Bytes file, std::size_t at, T value) {
  std::memcpy(file.data() + at, &value, sizeof(T));
  return file;
}

std::size_t find(const Bytes& file, std::string_view signature, std::size_t from = 0) {
  return std::string_view(reinterpret_cast<const char*>(file.data()), file.size()).find(signature, from);
}

void expect_refused(const Bytes& file, std::string_view part) {
  expect_error(ErrorCode::data, part, [&] { read_all(file); });
  expect_error(ErrorCode::data, "some.zip: ", [&] { read_all(file); });
}

TEST(Zip, WhatIsWrittenIsReadBackAndEqualInputGivesEqualBytes) {
  for (const bool deflate : {false, true}) {
    const Bytes file = two_entries(deflate);
    EXPECT_EQ(file, two_entries(deflate));
    EXPECT_TRUE(is_zip(file));
    EXPECT_EQ(read_all(file), (std::map<std::string, Bytes>{{"folder/long", kLong}, {"short", kShort}, {"none", {}}}));
    EXPECT_EQ(file.size() < kLong.size(), deflate);
  }
  EXPECT_TRUE(read_all(make_zip({}, false)).empty());
  EXPECT_TRUE(is_zip(make_zip({}, false)));
}

TEST(Zip, PiecesOfAnySizeMakeTheWholeEntry) {
  for (const bool deflate : {false, true}) {
    const Bytes file = two_entries(deflate);
    const ZipArchive archive(file, "some.zip");
    for (const std::size_t piece : {1U, 1000U, 6007U}) {
      ZipEntryReader reader(archive, *archive.find("folder/long"));
      Bytes out(kLong.size());
      for (std::size_t at = 0; at < out.size(); at += piece)
        reader.read(std::span(out).subspan(at, std::min(piece, out.size() - at)));
      EXPECT_EQ(out, kLong);
      Bytes more(1);
      expect_error(ErrorCode::data, "expected 1 more bytes, found 0", [&] { reader.read(more); });
    }
    ZipEntryReader reader(archive, *archive.find("folder/long"));
    reader.skip(kLong.size() - 3);
    Bytes end(3);
    reader.read(end);
    EXPECT_EQ(end, to_bytes("end"));
  }
}

TEST(Zip, TruncatedAtEveryByteIsAnError) {
  for (const bool deflate : {false, true}) {
    const Bytes file = two_entries(deflate);
    for (std::size_t n = 0; n < file.size(); n += n < 200 || n + 300 > file.size() ? 1 : 97)
      expect_error(ErrorCode::data, "some.zip: ", [&] { read_all(exact(std::span(file).first(n))); });
  }
}

TEST(Zip, NoFlippedByteChangesWhatIsRead) {
  const Bytes packed = two_entries(true);
  const auto whole = read_all(packed);
  int read = 0;
  for (std::size_t i = 0; i < packed.size(); ++i)
    for (const unsigned mask : {0x01U, 0x80U, 0xffU}) {
      Bytes damaged = packed;
      damaged[i] ^= static_cast<std::byte>(mask);
      try {
        const auto contents = read_all(damaged);
        ++read;
        for (const auto& [name, bytes] : contents) EXPECT_TRUE(whole.contains(name) && whole.at(name) == bytes) << i;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::data);
      }
    }
  // Versions, times, attributes and local copies of sizes aren't looked at.
  EXPECT_LT(read, static_cast<int>(packed.size()) * 3 / 2);
}

TEST(Zip, MoreThan65535EntriesMakeAZip64Archive) {
  std::vector<ZipMember> members;
  for (int i = 0; i < 65536; ++i) members.push_back({std::to_string(i), {}});
  const Bytes file = make_zip(members, false);
  EXPECT_NE(find(file, "PK\6\6"), std::string_view::npos);
  const ZipArchive archive(file, "some.zip");
  EXPECT_EQ(archive.entries().size(), 65536U);
  EXPECT_NE(archive.find("65535"), nullptr);
  members.resize(65534);
  EXPECT_EQ(find(make_zip(members, false), "PK\6\6"), std::string_view::npos);
}

TEST(Zip, RefusesToWriteNamesThatCouldNotBeRead) {
  const auto write = [](std::vector<ZipMember> members) { make_zip(members, false); };
  expect_error(ErrorCode::domain, "there twice", [&] { write({{"a", {}}, {"a", {}}}); });
  expect_error(ErrorCode::domain, "empty", [&] { write({{"", {}}}); });
  expect_error(ErrorCode::domain, "longer than 65535", [&] { write({{std::string(65536, 'x'), {}}}); });
}

TEST(Zip, RefusesWhatIsNoPlainArchive) {
  const Bytes file = two_entries(false);
  const std::size_t central = find(file, "PK\1\2"), end = find(file, "PK\5\6");
  expect_refused(to_bytes("a text"), "directory at the end of 6 bytes, found none");
  expect_refused({}, "directory at the end of 0 bytes");
  expect_refused(patched<std::uint16_t>(file, central + 8, 1), "encrypted");
  expect_refused(patched<std::uint16_t>(file, central + 10, 12),
                 R"(entry "folder/long": expected a stored or deflated entry (method 0 or 8), found method 12)");
  expect_refused(patched<std::uint16_t>(file, end + 4, 1), "in several");
  expect_refused(patched<std::uint16_t>(file, end + 8, 2), "in several");
  expect_refused(patched<std::uint32_t>(patched<std::uint16_t>(file, end + 8, 4), end + 10, 4 | (1 << 16)), "zip directory");
  expect_refused(patched<std::uint32_t>(file, end + 16, 0xfffffff0), "expected the zip directory before offset");
  expect_refused(patched<std::uint8_t>(file, central + 46, 'F'), "the entry's own header and the directory disagree");
  Bytes prefixed(10);
  prefixed.resize(10 + file.size());
  std::memcpy(prefixed.data() + 10, file.data(), file.size());
  expect_refused(prefixed, "zip record");
}

TEST(Zip, RefusesSizesThatCouldNotBe) {
  const Bytes stored = two_entries(false), packed = two_entries(true);
  const auto with_size = [](const Bytes& file, std::uint32_t size) {
    return patched<std::uint32_t>(file, find(file, "PK\1\2") + 24, size);
  };
  expect_refused(with_size(stored, 6006), "expected 6006 stored bytes, found 6007");
  expect_refused(with_size(packed, 0x7fffffff), "can't unpack to 2147483647");
  expect_refused(with_size(packed, 6006), "expected the end of the packed bytes, found more");
  expect_refused(with_size(packed, 6008), "expected 1 more unpacked bytes");
  expect_refused(with_size(packed, 0xffffffff), "expected a zip64 field");
}

TEST(Zip, RefusesOverlappingAndDuplicateEntries) {
  const std::vector<ZipMember> members{{"a", {kShort}}, {"b", {kShort}}};
  const Bytes file = make_zip(members, false);
  const std::size_t second_local = find(file, "PK\3\4", 1), central = find(file, "PK\1\2"),
                    second = find(file, "PK\1\2", central + 1);
  const Bytes twice = patched<char>(patched<std::uint32_t>(file, second + 42, 0), second + 46, 'a');
  expect_refused(twice, R"(entries "a" and "a" overlap)");
  const Bytes same_name = patched<char>(patched<char>(file, second_local + 30, 'a'), second + 46, 'a');
  expect_refused(same_name, R"(expected each entry once, found "a" twice)");
}

TEST(Zip, ADamagedByteIsFoundByItsSum) {
  Bytes file = two_entries(false);
  file[find(file, "the end")] = std::byte{'T'};
  expect_refused(file, R"(entry "folder/long": damaged: expected CRC-32)");
}

}  // namespace
}  // namespace alea
