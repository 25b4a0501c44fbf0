#include "data/dataset.h"
#include "tests/unit/formats/format_test.h"

namespace alea {
namespace {

class Idx : public FormatTest {};

/// type, dimensions, then `n_values` bytes 0, 1, 2, ...
Bytes idx_bytes(unsigned type, const std::vector<std::uint32_t>& shape, std::size_t n_values) {
  Bytes file{std::byte{0}, std::byte{0}, static_cast<std::byte>(type), static_cast<std::byte>(shape.size())};
  for (const std::uint32_t extent : shape)
    for (const int shift : {24, 16, 8, 0}) file.push_back(static_cast<std::byte>(extent >> shift));
  for (std::size_t i = 0; i < n_values; ++i) file.push_back(static_cast<std::byte>(i));
  return file;
}

void expect_refused(const Bytes& file, std::string_view part) {
  expect_error(ErrorCode::data, part, [&] { parse_idx(file, "some.idx"); });
  expect_error(ErrorCode::data, "some.idx: offset ", [&] { parse_idx(file, "some.idx"); });
}

/// gzip of idx_bytes(8, {2, 3}, 6), and of the header of a set of 4 million pictures without any, by Python's gzip module.
constexpr std::string_view kPacked(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x63\x60\xe0\x60\x62\x60\x60\x00\x61\x66\x06\x46\x26\x66\x16\x56\x00\x26\x2c\x23\x54"
    "\x12\x00\x00\x00",
    35);
constexpr std::string_view kPackedHeader(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x63\x60\xe0\x60\x66\xb0\xe5\x64\x00\x02\x19\x10\x06\x00\xb0\x32\xd2\xcc\x10\x00\x00"
    "\x00",
    32);

TEST_F(Idx, ReadsABigEndianShapeAndTheValuesAfterIt) {
  const IdxArray array = parse_idx(idx_bytes(8, {2, 3}, 6), "some.idx");
  EXPECT_EQ(array.shape, (std::vector<std::uint32_t>{2, 3}));
  EXPECT_EQ(array.values, (std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(parse_idx(idx_bytes(8, {258}, 258), "some.idx").values.size(), 258U);
  EXPECT_TRUE(parse_idx(idx_bytes(8, {0, 7}, 0), "some.idx").values.empty());
}

TEST_F(Idx, ReadsPlainAndPackedFilesAlike) {
  const Bytes plain = idx_bytes(8, {2, 3}, 6);
  atomic_write(folder_ / "plain", std::span<const std::byte>(plain));
  atomic_write(folder_ / "packed", kPacked);
  for (const char* name : {"plain", "packed"}) {
    const IdxArray array = read_idx(folder_ / name);
    EXPECT_EQ(array.shape, (std::vector<std::uint32_t>{2, 3}));
    EXPECT_EQ(array.values, (std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5}));
  }
  expect_error(ErrorCode::io, (folder_ / "none").string(), [&] { read_idx(folder_ / "none"); });
}

TEST_F(Idx, APackedFileTruncatedAtEveryByteOrClaimingTooMuchIsAnError) {
  const Bytes packed = to_bytes(kPacked);
  for (std::size_t n = 0; n < packed.size(); ++n) expect_refused(exact(std::span(packed).first(n)), "truncated");
  expect_refused(to_bytes(kPackedHeader), "offset 16: the dimensions expect 3136000000 values, found room for at most");
}

TEST_F(Idx, TruncatedAtEveryByteIsAnErrorThatNamesOffsetExpectedAndFound) {
  const Bytes whole = idx_bytes(8, {2, 3}, 6);
  for (std::size_t n = 0; n < whole.size(); ++n) expect_refused(exact(std::span(whole).first(n)), "truncated");
  expect_refused(exact(std::span(whole).first(15)), "offset 12: the dimensions expect 6 values, found room for at most 3");
  expect_refused(exact(std::span(whole).first(10)), "offset 8: expected 4 bytes of a dimension, found 2");
}

TEST_F(Idx, RefusesAWrongMagicTypeOrRank) {
  Bytes file = idx_bytes(8, {1}, 1);
  file[1] = std::byte{1};
  expect_refused(file, "offset 0: expected the bytes 00 00 of an IDX file, found 00 01");
  expect_refused(idx_bytes(0x0d, {1}, 4), "offset 2: expected type 0x08 (unsigned byte), found 0x0d");
  expect_refused(idx_bytes(8, {}, 1), "offset 3: expected 1 to 4 dimensions, found 0");
  expect_refused(idx_bytes(8, {1, 1, 1, 1, 1}, 1), "offset 3: expected 1 to 4 dimensions, found 5");
}

TEST_F(Idx, RefusesSizesBeyondTheFileAndBytesAfterTheValues) {
  expect_refused(idx_bytes(8, {0xffffffff, 0xffffffff, 0xffffffff}, 10), "expect more than 2^32 values");
  expect_refused(idx_bytes(8, {1'000'000'000}, 10), "expect 1000000000 values, found room for at most 10");
  expect_refused(idx_bytes(8, {2}, 3), "offset 10: expected the end of the file after 2 values, found more bytes");
}

}  // namespace
}  // namespace alea
