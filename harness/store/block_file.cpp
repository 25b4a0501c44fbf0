#include "store/block_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "core/error.h"
#include "hdf5/hdf5_file.h"

namespace alea {
namespace {

constexpr std::size_t kHeaderBytes = 512;
constexpr std::string_view kMagic = kBlockMagic;
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::size_t kHexDigits = 64;
constexpr const char* kMend = "run the same command, which makes it again";

enum Offset : std::size_t {
  at_magic = 0,
  at_version = 8,
  at_index = 12,
  at_first = 16,
  at_count = 24,
  at_length = 32,
  at_payload_sha256 = 40,
  at_plan_sha256 = 104,
  at_header_sha256 = 448,
};

using HeaderBytes = std::array<std::byte, kHeaderBytes>;

template <class Integer>
void put_integer(HeaderBytes& header, std::size_t offset, Integer value) {
  for (std::size_t i = 0; i < sizeof(Integer); ++i) header[offset + i] = static_cast<std::byte>(value >> (8 * i));
}

void put_text(HeaderBytes& header, std::size_t offset, std::string_view text) {
  std::memcpy(header.data() + offset, text.data(), text.size());
}

template <class Integer>
Integer get_integer(std::span<const std::byte> file, std::size_t offset) {
  Integer value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) value |= static_cast<Integer>(file[offset + i]) << (8 * i);
  return value;
}

std::string get_text(std::span<const std::byte> file, std::size_t offset, std::size_t length) {
  return {reinterpret_cast<const char*>(file.data()) + offset, length};
}

bool is_sha256(std::string_view text) {
  return text.size() == kHexDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

HeaderBytes encode_header(const BlockHeader& header, std::span<const std::byte> payload) {
  ALEA_CHECK(is_sha256(header.plan_sha256), "the plan's sha256 must be 64 hex digits, not \"{}\"", header.plan_sha256);
  HeaderBytes out{};
  put_text(out, at_magic, kMagic);
  put_integer(out, at_version, kFormatVersion);
  put_integer(out, at_index, header.range.index);
  put_integer(out, at_first, header.range.first);
  put_integer(out, at_count, header.range.count);
  put_integer(out, at_length, std::uint64_t{payload.size()});
  put_text(out, at_payload_sha256, sha256_hex(payload));
  put_text(out, at_plan_sha256, header.plan_sha256);
  put_text(out, at_header_sha256, sha256_hex(std::span(out).first(at_header_sha256)));
  return out;
}

void check_header(std::span<const std::byte> file, const std::string& source) {
  if (file.size() < kHeaderBytes)
    fail(ErrorCode::data, "{}: offset 0: expected a block header of {} bytes, found a file of {}; {}", source, kHeaderBytes,
         file.size(), kMend);
  if (get_text(file, at_magic, kMagic.size()) != kMagic)
    fail(ErrorCode::data, "{}: offset 0: expected the magic \"{}\", found another; it isn't a block file", source, kMagic);
  const std::string sum = sha256_hex(file.first(at_header_sha256)), stored = get_text(file, at_header_sha256, kHexDigits);
  if (sum != stored)
    fail(ErrorCode::data, "{}: offset {}: the header's sha256 is {} where {} is expected; {}", source, int{at_header_sha256}, sum,
         is_sha256(stored) ? stored : "hex", kMend);
  if (const auto version = get_integer<std::uint32_t>(file, at_version); version != kFormatVersion)
    fail(ErrorCode::data, "{}: offset {}: expected block format version {}, found {}; read it with the alea that wrote it",
         source, int{at_version}, kFormatVersion, version);
}

void check_payload(std::span<const std::byte> file, const std::string& expected, const std::string& source) {
  const auto payload = file.subspan(kHeaderBytes);
  if (const auto length = get_integer<std::uint64_t>(file, at_length); length != payload.size())
    fail(ErrorCode::data, "{}: offset {}: expected a payload of {} bytes, found {}; {}", source, kHeaderBytes, length,
         payload.size(), kMend);
  if (const std::string sum = sha256_hex(payload); sum != expected)
    fail(ErrorCode::data, "{}: offset {}: expected a payload of sha256 {}, found {}; {}", source, kHeaderBytes, expected, sum,
         kMend);
}

}  // namespace

void write_block(const std::filesystem::path& path, const BlockHeader& header, const ArrayMap& arrays) {
  const Bytes payload = hdf5_image(arrays);
  const HeaderBytes front = encode_header(header, payload);
  Bytes file;
  file.reserve(front.size() + payload.size());
  file.insert(file.end(), front.begin(), front.end());
  file.insert(file.end(), payload.begin(), payload.end());
  atomic_write(path, file);
}

BlockHeader verify_block_bytes(std::span<const std::byte> file, const std::string& source) {
  check_header(file, source);
  BlockHeader header;
  header.plan_sha256 = get_text(file, at_plan_sha256, kHexDigits);
  header.range.index = get_integer<std::uint32_t>(file, at_index);
  header.range.first = get_integer<std::uint64_t>(file, at_first);
  header.range.count = get_integer<std::uint32_t>(file, at_count);
  header.payload_sha256 = get_text(file, at_payload_sha256, kHexDigits);
  check_payload(file, header.payload_sha256, source);
  return header;
}

BlockHeader verify_block(const std::filesystem::path& path) { return verify_block_bytes(read_file(path), path.string()); }

Block read_block(const std::filesystem::path& path, const std::string& only) {
  const Bytes file = read_file(path);
  Block block;
  block.header = verify_block_bytes(file, path.string());
  block.arrays = read_hdf5_image(std::span(file).subspan(kHeaderBytes), path.string(), only).arrays;
  return block;
}

}  // namespace alea
