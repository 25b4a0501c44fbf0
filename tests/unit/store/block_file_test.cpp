#include "store/block_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <functional>

#include "core/error.h"
#include "temporary_folder.h"

namespace alea {
namespace {

using ::testing::HasSubstr;

const BlockHeader kHeader = {std::string(64, 'a'), {7, 700, 3}, ""};

ArrayMap sample_arrays() {
  const std::vector<float> scores = {1.5f, 2.5f, -3.5f};
  const std::vector<std::uint8_t> images(3 * 28 * 28, 9);
  return {{"scores", make_array<float>(scores, {3})}, {"images", make_array<std::uint8_t>(images, {3, 1, 28, 28})}};
}

Bytes sample_file(const fs::path& folder) {
  write_block(folder / "block.h5", kHeader, sample_arrays());
  return read_file(folder / "block.h5");
}

std::string data_error_of(std::span<const std::byte> file) {
  try {
    verify_block_bytes(file, "b.h5");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::data) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return "";
}

/// A header that its own checksum confirms, whatever was changed in it.
void seal(Bytes& file) {
  const std::string sum = sha256_hex(std::span(file).first(448));
  std::memcpy(file.data() + 448, sum.data(), sum.size());
}

TEST(BlockFile, RoundTripKeepsHeaderAndArrays) {
  const TemporaryFolder folder;
  write_block(folder / "block.h5", kHeader, sample_arrays());
  const Block block = read_block(folder / "block.h5");
  EXPECT_EQ(block.header.plan_sha256, kHeader.plan_sha256);
  EXPECT_EQ(block.header.range, kHeader.range);
  EXPECT_EQ(block.header.payload_sha256, verify_block(folder / "block.h5").payload_sha256);
  ASSERT_EQ(block.arrays.size(), 2u);
  EXPECT_EQ(block.arrays.at("scores").as<float>()[2], -3.5f);
  EXPECT_EQ(read_block(folder / "block.h5", "images").arrays.size(), 1u);
}

TEST(BlockFile, HeaderLiesWhereItsDescriptionSays) {
  const TemporaryFolder folder;
  const Bytes file = sample_file(folder);
  const auto text = [&](std::size_t at, std::size_t n) { return std::string(reinterpret_cast<const char*>(&file[at]), n); };
  EXPECT_EQ(text(0, 8), "ALEABLK1");
  EXPECT_EQ(text(8, 24), std::string("\1\0\0\0\7\0\0\0\xBC\2\0\0\0\0\0\0\3\0\0\0\0\0\0\0", 24));
  std::uint64_t length = 0;
  std::memcpy(&length, &file[32], 8);
  EXPECT_EQ(length, file.size() - 512);
  EXPECT_EQ(text(40, 64), sha256_hex(std::span(file).subspan(512)));
  EXPECT_EQ(text(104, 64), kHeader.plan_sha256);
  EXPECT_EQ(text(168, 280), std::string(280, '\0'));
  EXPECT_EQ(text(448, 64), sha256_hex(std::span(file).first(448)));
  EXPECT_EQ(text(512, 8), "\x89HDF\r\n\x1a\n");
}

TEST(BlockFile, EqualInputGivesEqualBytes) {
  const TemporaryFolder folder;
  const Bytes first = sample_file(folder);
  EXPECT_EQ(sample_file(folder), first);
}

TEST(BlockFile, OneFlippedBitAnywhereIsFound) {
  const TemporaryFolder folder;
  const Bytes whole = sample_file(folder);
  for (std::size_t at = 0; at < whole.size(); at += at < 512 ? 1 : 13) {
    Bytes file = whole;
    file[at] ^= std::byte{0x10};
    EXPECT_THAT(data_error_of(file), HasSubstr("b.h5: offset ")) << at;
  }
}

TEST(BlockFile, EveryTruncationAndAnyAdditionIsFound) {
  const TemporaryFolder folder;
  Bytes file = sample_file(folder);
  for (std::size_t length = 0; length < file.size(); length += 97) data_error_of(std::span(file).first(length));
  EXPECT_THAT(data_error_of(std::span(file).first(file.size() - 1)), HasSubstr("offset 512: expected a payload of"));
  EXPECT_THAT(data_error_of(std::span(file).first(100)), HasSubstr("expected a block header of 512 bytes, found a file of 100"));
  file.push_back(std::byte{0});
  data_error_of(file);
}

TEST(BlockFile, OtherFilesAndVersionsAreNamed) {
  const TemporaryFolder folder;
  EXPECT_THAT(data_error_of(Bytes(1000)), HasSubstr("expected the magic \"ALEABLK1\""));
  Bytes newer = sample_file(folder);
  newer[8] = std::byte{2};
  seal(newer);
  EXPECT_THAT(data_error_of(newer), HasSubstr("expected block format version 1, found 2"));
}

TEST(BlockFile, PayloadThatIsNotHdf5IsNamedAfterItsChecksumHolds) {
  const TemporaryFolder folder;
  Bytes file = sample_file(folder);
  file[512] = std::byte{0};
  const std::string sum = sha256_hex(std::span(file).subspan(512));
  std::memcpy(file.data() + 40, sum.data(), sum.size());
  seal(file);
  atomic_write(folder / "bad.h5", file);
  EXPECT_NO_THROW(verify_block(folder / "bad.h5"));
  try {
    read_block(folder / "bad.h5");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::data);
    EXPECT_THAT(error.what(), HasSubstr("bad.h5: can't open it as HDF5"));
  }
}

TEST(BlockFile, AbsentFileIsAnIoError) {
  const TemporaryFolder folder;
  for (const auto& action :
       std::vector<std::function<void()>>{[&] { read_block(folder / "none.h5"); }, [&] { verify_block(folder / "none.h5"); }}) {
    try {
      action();
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::io);
      EXPECT_THAT(error.what(), HasSubstr("none.h5"));
    }
  }
}

TEST(BlockFile, PlanHashMustBeAHash) {
  const TemporaryFolder folder;
  EXPECT_THROW(write_block(folder / "x.h5", {"abc", {}, ""}, {}), Error);
  EXPECT_FALSE(fs::exists(folder / "x.h5"));
}

TEST(BlockFile, H5pyOpensItDirectly) {
  if (std::system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") != 0) GTEST_SKIP() << "python3-h5py isn't installed";
  const TemporaryFolder folder;
  write_block(folder / "block.h5", kHeader, sample_arrays());
  const std::string program = "import h5py\nwith h5py.File('" + (folder / "block.h5").string() +
                              "') as f:\n"
                              "    assert f.userblock_size == 512 and list(f) == ['images', 'scores']\n"
                              "    assert f['scores'][:].tolist() == [1.5, 2.5, -3.5] and (f['images'][:] == 9).all()\n"
                              "    assert f['images'].shape == (3, 1, 28, 28)\n";
  EXPECT_EQ(std::system(("/usr/bin/python3 -c \"" + program + "\"").c_str()), 0);
}

}  // namespace
}  // namespace alea
