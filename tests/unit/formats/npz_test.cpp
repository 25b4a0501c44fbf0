#include <stdlib.h>

#include "formats/npy.h"
#include "formats/zip.h"
#include "tests/unit/formats/format_test.h"
#include "tests/unit/formats/values.h"

namespace alea {
namespace {

class Npz : public FormatTest {
 protected:
  static fs::path fixture(const std::string& name) { return fs::path(ALEA_SOURCE_DIR) / "tests/fixtures/npz" / name; }
};

Bytes npy(std::string_view dict, std::size_t data_bytes, char version = 1) {
  std::string file = "\x93NUMPY";
  file += version;
  file += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) file += static_cast<char>((dict.size() >> (8 * i)) & 0xff);
  Bytes bytes = to_bytes(file + std::string(dict));
  bytes.resize(bytes.size() + data_bytes);
  return bytes;
}

void expect_npy_refused(std::string_view dict, std::size_t data_bytes, std::string_view part) {
  expect_error(ErrorCode::data, part, [&] { read_npy(npy(dict, data_bytes), "some.npy"); });
  expect_error(ErrorCode::data, "some.npy: ", [&] { read_npy(npy(dict, data_bytes), "some.npy"); });
}

const std::map<std::string, DType> kDTypes{{"f2", DType::f16}, {"f4", DType::f32}, {"f8", DType::f64}, {"u1", DType::u8},
                                           {"u2", DType::u16}, {"u4", DType::u32}, {"u8", DType::u64}, {"i1", DType::i8},
                                           {"i2", DType::i16}, {"i4", DType::i32}, {"i8", DType::i64}, {"b1", DType::boolean}};

TEST_F(Npz, ReadsEveryKindOfArrayThatNumpyWroteStoredOrDeflated) {
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    const NpzFile file(fixture(name));
    EXPECT_EQ(file.names().size(), 21U);
    for (const std::string& array_name : file.names()) {
      const NpyArray array = file.read(array_name);
      const std::string kind = array_name.substr(array_name.find('_') + 1);
      const auto dtype = kDTypes.find(kind);
      EXPECT_EQ(array.dtype, dtype == kDTypes.end() ? array.dtype : dtype->second) << array_name;
      const std::size_t n = array.bytes.size() / dtype_bytes(array.dtype);
      EXPECT_EQ(as_doubles(array), fixture_values(array.dtype, n)) << name << " " << array_name;
      EXPECT_EQ(n, file.header(array_name).elements());
    }
    EXPECT_EQ(file.read("little_f4").shape, (std::vector<std::uint64_t>{2, 3}));
    EXPECT_EQ(file.read("scalar").shape, std::vector<std::uint64_t>{});
    EXPECT_EQ(file.read("scalar").bytes.size(), 8U);
    EXPECT_EQ(file.read("line").shape, std::vector<std::uint64_t>{5});
    EXPECT_EQ(file.read("empty").shape, (std::vector<std::uint64_t>{0, 3}));
    EXPECT_EQ(file.read("fortran").shape, (std::vector<std::uint64_t>{2, 3, 4}));
    EXPECT_TRUE(file.header("fortran").fortran_order);
    EXPECT_TRUE(file.header("big_f4").big_endian);
  }
}

TEST_F(Npz, ReadsEveryVersionAndArchivesOfUnseekableWriters) {
  for (const char* name : {"streamed_stored.npz", "streamed_deflated.npz"}) {
    const NpzFile file(fixture(name));
    EXPECT_EQ(file.names(), (std::vector<std::string>{"v1", "v2", "v3"}));
    for (const auto& version : file.names()) EXPECT_EQ(as_doubles(file.read(version)), fixture_values(DType::f32, 6)) << version;
  }
  expect_error(ErrorCode::data, "found method 12", [&] { NpzFile file(fixture("bzip2.npz")); });
}

TEST_F(Npz, ABareNpyFileIsItsOnlyArray) {
  const NpzFile file(fixture("bare.npy"));
  EXPECT_EQ(file.names(), std::vector<std::string>{"arr_0"});
  EXPECT_EQ(as_doubles(file.read("arr_0")), fixture_values(DType::f32, 8));
  EXPECT_EQ(file.mapped("arr_0").size(), 32U);
  auto rows = file.rows("arr_0");
  rows.skip(3);
  std::vector<float> last(2);
  rows.read(std::as_writable_bytes(std::span(last)));
  EXPECT_EQ(last, (std::vector<float>{0.5, 0.75}));
  expect_error(ErrorCode::data, "more bytes", [&] { rows.skip(1); });
}

TEST_F(Npz, RowsComeOneAfterAnotherFromEveryPackingAndByteOrder) {
  for (const char* name : {"stored.npz", "deflated.npz"})
    for (const char* array : {"little_f4", "big_f4"}) {
      auto rows = NpzFile(fixture(name)).rows(array);  // outlives its file
      EXPECT_EQ(rows.row_bytes(), 12U);
      std::vector<float> row(3);
      rows.read(std::as_writable_bytes(std::span(row)));
      EXPECT_EQ(row, (std::vector<float>{-1, -0.75, -0.5}));
      rows.read(std::as_writable_bytes(std::span(row)));
      EXPECT_EQ(row, (std::vector<float>{-0.25, 0, 0.25}));
      expect_error(ErrorCode::data, "expected 12 more bytes", [&] { rows.read(std::as_writable_bytes(std::span(row))); });
      expect_error(ErrorCode::shape, "whole rows of 12 bytes, found 4",
                   [&] { rows.read(std::as_writable_bytes(std::span(row).first(1))); });
    }
  const NpzFile file(fixture("stored.npz"));
  expect_error(ErrorCode::data, "Fortran order", [&] { file.rows("fortran"); });
  expect_error(ErrorCode::data, "found a single number", [&] { file.rows("scalar"); });
  expect_error(ErrorCode::data, "at most 2 rows", [&] { file.rows("little_f4").skip(3); });
}

TEST_F(Npz, MapsWhatLiesInTheFileAsItIsAndNothingElse) {
  const NpzFile stored(fixture("stored.npz")), deflated(fixture("deflated.npz"));
  const auto mapped = stored.mapped("little_f4");
  EXPECT_EQ(Bytes(mapped.begin(), mapped.end()), stored.read("little_f4").bytes);
  for (const char* array : {"big_f4", "fortran"}) EXPECT_TRUE(stored.mapped(array).empty()) << array;
  EXPECT_TRUE(deflated.mapped("little_f4").empty());
}

TEST_F(Npz, OtherKindsAreRefusedByNameBesideArraysThatCanBeRead) {
  const NpzFile file(fixture("refused.npz"));
  EXPECT_EQ(as_doubles(file.read("numbers")), fixture_values(DType::f64, 6));
  expect_error(ErrorCode::data, R"(array "objects": expected an array of real numbers, found Python objects (dtype "|O"))",
               [&] { file.read("objects"); });
  expect_error(ErrorCode::data, "found text (dtype \"<U3\")", [&] { file.read("text"); });
  expect_error(ErrorCode::data, "records", [&] { file.read("records"); });
  expect_error(ErrorCode::data, "found complex numbers", [&] { file.read("complex"); });
  expect_error(ErrorCode::data, "found dates", [&] { file.read("dates"); });
  expect_error(ErrorCode::data, R"(refused.npz: array "mu": not in the file, which has "numbers", "objects", "text")",
               [&] { file.read("mu"); });
}

TEST_F(Npz, TruncatedAtEveryByteIsAnError) {
  for (const char* name : {"streamed_stored.npz", "streamed_deflated.npz", "bare.npy"}) {
    const Bytes whole = read_file(fixture(name));
    for (std::size_t n = 0; n < whole.size(); ++n)
      expect_error(ErrorCode::data, "some.npz", [&] {
        const Bytes part = exact(std::span(whole).first(n));
        const NpzFile file(part, "some.npz");
        for (const auto& array : file.names()) file.read(array);
      });
  }
}

TEST_F(Npz, AFlippedByteIsNeverAWrongNumber) {
  for (const char* name : {"streamed_stored.npz", "streamed_deflated.npz"}) {
    const Bytes whole = read_file(fixture(name));
    for (std::size_t i = 0; i < whole.size(); ++i) {
      Bytes damaged = whole;
      damaged[i] ^= std::byte{0xff};
      try {
        const NpzFile file(damaged, "some.npz");
        for (const auto& array : file.names()) EXPECT_EQ(as_doubles(file.read(array)), fixture_values(DType::f32, 6)) << i;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::data);
      }
    }
  }
}

TEST_F(Npz, EveryFlippedHeaderByteIsReadOrRefusedAndNeverCrashes) {
  const Bytes whole = read_file(fixture("bare.npy"));
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      Bytes damaged = whole;
      damaged[i] ^= static_cast<std::byte>(1 << bit);
      try {
        EXPECT_EQ(read_npy(damaged, "some.npy").bytes.size(), 32U);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::data);
      }
    }
}

TEST_F(Npz, ReadsHeadersAsOtherWritersLayThemOut) {
  const auto shape_of = [](std::string_view dict, std::size_t bytes) { return read_npy(npy(dict, bytes), "some.npy").shape; };
  EXPECT_EQ(shape_of("{'shape': (2L, 1L), 'fortran_order': False, 'descr': '=f4'}\n", 8), (std::vector<std::uint64_t>{2, 1}));
  EXPECT_EQ(shape_of(R"({"descr":"f4","fortran_order":True,"shape":(3,)})", 12), std::vector<std::uint64_t>{3});
}

TEST_F(Npz, RefusesAWrongHeader) {
  const std::string good = "'descr': '<f4', 'fortran_order': False, ";
  expect_npy_refused("{" + good + "'shape': (2,), }", 7, "expected 8 bytes of data after the npy header, found 7");
  expect_npy_refused("{" + good + "'shape': (2,), }", 9, "expected 8 bytes of data after the npy header, found 9");
  expect_npy_refused("{" + good + "'shape': (-2,), }", 8, "whole number in [0, 2^63)");
  expect_npy_refused("{" + good + "'shape': (9223372036854775808,), }", 8, "whole number in [0, 2^63)");
  expect_npy_refused("{" + good + "'shape': (4611686018427387904, 4), }", 0, "overflows");
  expect_npy_refused("{" + good + "'shape': (0, 4611686018427387904, 4), }", 0, "overflows");
  expect_npy_refused("{" + good + "'shape': (2), }", 8, "a comma after the only axis");
  expect_npy_refused("{" + good + "'shape': (2,), 'shape': (2,), }", 8, "each key once");
  expect_npy_refused("{" + good + "'shape': (2,), 'more': 1}", 8, "as a key before");
  expect_npy_refused("{" + good + "}", 8, "the keys descr, fortran_order and shape");
  expect_npy_refused("{" + good + "'shape': (2,), } x", 8, "nothing but spaces after it");
  expect_npy_refused("{'descr': '<f16', 'fortran_order': False, 'shape': (2,), }", 32, R"(dtype "<f16")");
  expect_npy_refused("{'descr': '|b1', 'fortran_order': False, 'shape': (" + std::string("1,") + "), }", 0, "expected 1 bytes");
  std::string deep;
  for (int i = 0; i < 65; ++i) deep += "1,";
  expect_npy_refused("{" + good + "'shape': (" + deep + "), }", 4, "at most 64 axes");
  expect_error(ErrorCode::data, "version 1, 2 or 3", [&] { read_npy(npy("{}", 0, 4), "some.npy"); });
  Bytes claims_much = npy("{}", 0, 2);
  claims_much[11] = std::byte{0x7f};
  expect_error(ErrorCode::data, "npy header of at most", [&] { read_npy(claims_much, "some.npy"); });
  Bytes boolean = npy("{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }", 1);
  boolean.back() = std::byte{2};
  expect_error(ErrorCode::data, "booleans of 0 or 1", [&] { read_npy(boolean, "some.npy"); });
}

TEST_F(Npz, AMissingOrForeignFileIsAClearError) {
  expect_error(ErrorCode::io, (folder_ / "none").string(), [&] { NpzFile file(folder_ / "none"); });
  expect_error(ErrorCode::data, "begins with \"a text o\"", [] { NpzFile file(to_bytes("a text only"), "some.npz"); });
  const std::vector<ZipMember> members{{"readme.txt", {}}};
  expect_error(ErrorCode::data, "with arrays (*.npy), found none", [&] { NpzFile file(make_zip(members, false), "some.npz"); });
}

TEST(NpyNumbers, HalvesAndWholeNumbersBecomeTheirDoubles) {
  const std::vector<std::uint16_t> halves{0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000};
  const auto bytes = std::as_bytes(std::span(halves));
  EXPECT_EQ(as_doubles({DType::f16, {6}, Bytes(bytes.begin(), bytes.end())}),
            (std::vector<double>{1, -2, 0x1p-24, 65504, std::numeric_limits<double>::infinity(), 0}));
  const std::vector<std::int64_t> exact_ones{std::int64_t{1} << 62, -(std::int64_t{1} << 53)},
      inexact{(std::int64_t{1} << 53) + 1};
  const auto whole = std::as_bytes(std::span(exact_ones)), broken = std::as_bytes(std::span(inexact));
  EXPECT_EQ(as_doubles({DType::i64, {2}, Bytes(whole.begin(), whole.end())}), (std::vector<double>{0x1p62, -0x1p53}));
  expect_error(ErrorCode::data, "found 9007199254740993", [&] {
    as_doubles({DType::i64, {1}, Bytes(broken.begin(), broken.end())});
  });
  const Bytes most(8, std::byte{0xff});
  expect_error(ErrorCode::data, "found 18446744073709551615", [&] { as_doubles({DType::u64, {1}, most}); });
}

class NpzWriting : public Npz {
 protected:
  std::vector<double> mean_{1.5, -2.5};
  std::vector<std::uint8_t> images_ = std::vector<std::uint8_t>(3000, 7);
  std::vector<std::int64_t> n_{50000};
  std::map<std::string, TensorSpan> arrays() {
    return {{"mu", {DType::f64, {2}, std::as_bytes(std::span(mean_))}},
            {"arr_0", {DType::u8, {10, 10, 10, 3}, std::as_bytes(std::span(images_))}},
            {"n", {DType::i64, {}, std::as_bytes(std::span(n_))}},
            {"none", {DType::f32, {0, 4}, {}}}};
  }
};

TEST_F(NpzWriting, IsReadBackAndEqualInputGivesEqualBytes) {
  for (const bool deflate : {false, true}) {
    write_npz(folder_ / "x.npz", arrays(), deflate);
    write_npz(folder_ / "y.npz", arrays(), deflate);
    EXPECT_EQ(read_file(folder_ / "x.npz"), read_file(folder_ / "y.npz"));
    const NpzFile file(folder_ / "x.npz");
    EXPECT_EQ(as_doubles(file.read("mu")), mean_);
    EXPECT_EQ(file.read("arr_0").shape, (std::vector<std::uint64_t>{10, 10, 10, 3}));
    EXPECT_EQ(as_doubles(file.read("n")), std::vector<double>{50000});
    EXPECT_EQ(file.read("none").shape, (std::vector<std::uint64_t>{0, 4}));
    EXPECT_EQ(fs::file_size(folder_ / "x.npz") < 3000, deflate);
  }
}

TEST_F(NpzWriting, IsReadByNumpy) {
  if (::system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") != 0) GTEST_SKIP() << "/usr/bin/python3 has no numpy";
  for (const bool deflate : {false, true}) {
    write_npz(folder_ / "x.npz", arrays(), deflate);
    const std::string check =
        "import numpy, sys, zipfile; assert zipfile.ZipFile(sys.argv[1]).testzip() is None; f = numpy.load(sys.argv[1]); "
        "assert f['mu'].tolist() == [1.5, -2.5] and f['mu'].dtype == numpy.float64; "
        "assert f['arr_0'].shape == (10, 10, 10, 3) and (f['arr_0'] == 7).all() and f['arr_0'].dtype == numpy.uint8; "
        "assert f['n'].shape == () and int(f['n']) == 50000; assert f['none'].shape == (0, 4)";
    EXPECT_EQ(::system(("/usr/bin/python3 -c \"" + check + "\" " + (folder_ / "x.npz").string()).c_str()), 0);
  }
}

TEST_F(NpzWriting, RefusesWhatNumpyCouldNotRead) {
  const auto write = [&](const TensorSpan& array) { write_npz(folder_ / "x.npz", {{"a", array}}, false); };
  expect_error(ErrorCode::shape, R"(array "a": shape [3] of F64 doesn't go with 16 bytes)", [&] {
    write({DType::f64, {3}, std::as_bytes(std::span(mean_))});
  });
  expect_error(ErrorCode::domain, "numpy has no BF16", [&] { write({DType::bf16, {8}, std::as_bytes(std::span(mean_))}); });
  expect_error(ErrorCode::domain, "numpy has no F8_E5M2", [&] {
    write({DType::f8_e5m2, {16}, std::as_bytes(std::span(mean_))});
  });
  EXPECT_FALSE(fs::exists(folder_ / "x.npz"));
}

}  // namespace
}  // namespace alea
