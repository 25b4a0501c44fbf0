#include "formats/gzip.h"

#include <zlib.h>

#include "tests/unit/formats/format_test.h"

namespace alea {
namespace {

Bytes gzip(const Bytes& plain) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes packed(deflateBound(&stream, plain.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

Bytes unpack(const Bytes& packed, std::size_t piece) {
  GzipReader reader(packed, "some.gz");
  Bytes out, part(piece);
  while (const std::size_t n = reader.read(part))
    out.insert(out.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(n));
  return out;
}

const Bytes kPlain = to_bytes("one two three four five six seven eight nine ten, one two three four five");

TEST(Gzip, UnpacksInPiecesOfAnySize) {
  for (const std::size_t piece : {1U, 3U, 1000U}) EXPECT_EQ(unpack(gzip(kPlain), piece), kPlain);
  EXPECT_TRUE(unpack(gzip({}), 10).empty());
}

TEST(Gzip, TruncatedAtEveryByteIsAnError) {
  const Bytes packed = gzip(kPlain);
  for (std::size_t n = 0; n < packed.size(); ++n)
    expect_error(ErrorCode::data, "some.gz: offset ", [&] { unpack(exact(std::span(packed).first(n)), 7); });
}

TEST(Gzip, NoFlippedBitOfDataOrChecksumChangesWhatIsUnpacked) {
  const Bytes packed = gzip(kPlain);
  constexpr std::size_t kHeader = 10;  // flags, time and system there don't touch the data
  int refused = 0;
  for (std::size_t i = kHeader; i < packed.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      Bytes damaged = packed;
      damaged[i] ^= static_cast<std::byte>(1 << bit);
      try {
        EXPECT_EQ(unpack(damaged, 1000), kPlain) << i << " " << bit;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::data);
        ++refused;
      }
    }
  // All but the few bits that fill the last byte before the checksum.
  EXPECT_GT(refused, static_cast<int>(packed.size() - kHeader) * 8 - 8);
}

TEST(Gzip, BytesAfterTheMemberAreAnError) {
  Bytes packed = gzip(kPlain);
  packed.push_back(std::byte{0});
  expect_error(ErrorCode::data, "found 1 more bytes", [&] { unpack(packed, 1000); });
}

TEST(Gzip, IsKnownByItsFirstTwoBytes) {
  EXPECT_TRUE(is_gzip(gzip(kPlain)));
  EXPECT_FALSE(is_gzip(kPlain));
  EXPECT_FALSE(is_gzip({}));
}

}  // namespace
}  // namespace alea
