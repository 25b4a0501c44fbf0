#include "formats/safetensors.h"

#include "tests/unit/formats/format_test.h"

namespace alea {
namespace {

class Safetensors : public FormatTest {};

Bytes safetensors_bytes(std::string_view header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  Bytes file(sizeof(length));
  std::memcpy(file.data(), &length, sizeof(length));
  const Bytes text = to_bytes(header);
  file.insert(file.end(), text.begin(), text.end());
  file.resize(file.size() + data_bytes);
  return file;
}

std::map<std::string, TensorSpan> parse(const Bytes& file) {
  std::map<std::string, TensorSpan> tensors;
  std::map<std::string, std::string> metadata;
  parse_safetensors(file, "some.safetensors", tensors, metadata);
  return tensors;
}

void expect_refused(std::string_view header, std::size_t data_bytes, std::string_view part) {
  const Bytes file = safetensors_bytes(header, data_bytes);
  expect_error(ErrorCode::data, part, [&] { parse(file); });
  expect_error(ErrorCode::data, "some.safetensors: ", [&] { parse(file); });
}

std::string one_tensor(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return fmt::format(R"({{"a":{{"dtype":"{}","shape":{},"data_offsets":{}}}}})", dtype, shape, offsets);
}

template <class T>
std::vector<T> values(const TensorSpan& tensor) {
  std::vector<T> out(tensor.bytes.size() / sizeof(T));
  std::memcpy(out.data(), tensor.bytes.data(), tensor.bytes.size());
  return out;
}

TEST_F(Safetensors, ReadsEveryDtypeThatTheReferenceImplementationWrote) {
  const SafetensorsFile file(fs::path(ALEA_SOURCE_DIR) / "tests/fixtures/safetensors_mixed.safetensors");
  const auto& t = file.tensors();
  EXPECT_EQ(t.size(), 15U);
  EXPECT_EQ(values<std::uint8_t>(t.at("t.bool")), (std::vector<std::uint8_t>{0, 1, 0, 1, 0}));
  EXPECT_EQ(values<std::uint8_t>(t.at("t.uint8")), (std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(values<std::int8_t>(t.at("t.int8")), (std::vector<std::int8_t>{0, 1, 2}));
  EXPECT_EQ(values<std::int16_t>(t.at("t.int16")), (std::vector<std::int16_t>{0, 1, 2, 3}));
  EXPECT_EQ(values<std::uint16_t>(t.at("t.uint16")), (std::vector<std::uint16_t>{0, 1}));
  EXPECT_EQ(values<std::uint16_t>(t.at("t.float16")), (std::vector<std::uint16_t>{0xbc00, 0xba00, 0xb800}));
  EXPECT_EQ(values<std::uint16_t>(t.at("t.bfloat16")), (std::vector<std::uint16_t>{0xbf80, 0xbf40, 0xbf00, 0xbe80, 0x0000}));
  EXPECT_EQ(values<std::int32_t>(t.at("t.int32")), (std::vector<std::int32_t>{0, 1, 2, 3}));
  EXPECT_EQ(values<std::uint32_t>(t.at("t.uint32")), (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(values<float>(t.at("t.float32")),
            (std::vector<float>{-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75}));
  EXPECT_EQ(values<double>(t.at("t.float64")), (std::vector<double>{-1, -0.75, -0.5}));
  EXPECT_EQ(values<std::int64_t>(t.at("t.int64")), (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(values<std::uint64_t>(t.at("t.uint64")), (std::vector<std::uint64_t>{0}));
  EXPECT_EQ(values<float>(t.at("scalar")), (std::vector<float>{2.5}));
  EXPECT_EQ(t.at("t.float32").dtype, DType::f32);
  EXPECT_EQ(t.at("t.float32").shape, (std::vector<std::int64_t>{2, 3, 2}));
  EXPECT_EQ(t.at("scalar").shape, (std::vector<std::int64_t>{}));
  EXPECT_EQ(t.at("empty").shape, (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(file.metadata(), (std::map<std::string, std::string>{{"format", "pt"}, {"name", "Gau\xc3\x9f"}}));
}

TEST_F(Safetensors, WhatIsWrittenIsReadBackAlignedAndWritingAgainGivesEqualBytes) {
  const std::vector<std::uint8_t> small{7, 8, 9};
  const std::vector<double> large{1.5, -2.5};
  const std::vector<float> middle{3.25F};
  const std::map<std::string, TensorSpan> tensors{{"a", {DType::u8, {3}, std::as_bytes(std::span(small))}},
                                                  {"b", {DType::f64, {2, 1}, std::as_bytes(std::span(large))}},
                                                  {"c", {DType::f32, {}, std::as_bytes(std::span(middle))}},
                                                  {"d", {DType::f32, {0, 4}, {}}}};
  write_safetensors(folder_ / "x.safetensors", tensors, {{"k", "v \"quoted\""}});
  write_safetensors(folder_ / "y.safetensors", tensors, {{"k", "v \"quoted\""}});
  EXPECT_EQ(read_file(folder_ / "x.safetensors"), read_file(folder_ / "y.safetensors"));

  const SafetensorsFile file(folder_ / "x.safetensors");
  EXPECT_EQ(values<std::uint8_t>(file.tensors().at("a")), small);
  EXPECT_EQ(values<double>(file.tensors().at("b")), large);
  EXPECT_EQ(values<float>(file.tensors().at("c")), middle);
  EXPECT_EQ(file.tensors().at("d").shape, (std::vector<std::int64_t>{0, 4}));
  EXPECT_EQ(file.metadata().at("k"), "v \"quoted\"");
  for (const auto& [name, tensor] : file.tensors())
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % dtype_bytes(tensor.dtype), 0U) << name;
}

TEST_F(Safetensors, NarrowAndComplexDtypesAreWrittenUnderTheirNames) {
  const Bytes bytes(16, std::byte{1});
  std::map<std::string, TensorSpan> tensors;
  for (const DType dtype : {DType::f8_e4m3, DType::f8_e5m2, DType::f8_e4m3fnuz, DType::f8_e5m2fnuz, DType::f8_e8m0, DType::u16,
                            DType::u64, DType::c64})
    tensors[dtype_name(dtype)] = {dtype, {static_cast<std::int64_t>(16 / dtype_bytes(dtype))}, bytes};
  write_safetensors(folder_ / "x.safetensors", tensors);
  const SafetensorsFile file(folder_ / "x.safetensors");
  EXPECT_EQ(file.tensors().size(), 8U);
  for (const auto& [name, tensor] : file.tensors()) EXPECT_EQ(dtype_name(tensor.dtype), name);
  expect_error(ErrorCode::data, "found \"C128\"", [&] {
    write_safetensors(folder_ / "y.safetensors", {{"twice", {DType::c128, {1}, bytes}}});
  });
}

TEST_F(Safetensors, RefusesToWriteWhatCouldNotBeRead) {
  const std::vector<float> two{1, 2};
  const TensorSpan right{DType::f32, {2}, std::as_bytes(std::span(two))};
  const auto write = [&](const std::string& name, const TensorSpan& tensor) {
    write_safetensors(folder_ / "x.safetensors", {{name, tensor}});
  };
  expect_error(ErrorCode::shape, "expects 12 bytes, found 8", [&] { write("w", {DType::f32, {3}, right.bytes}); });
  expect_error(ErrorCode::shape, "negative", [&] { write("w", {DType::f32, {-2}, right.bytes}); });
  expect_error(ErrorCode::domain, "__metadata__", [&] { write("__metadata__", right); });
  expect_error(ErrorCode::domain, "UTF-8", [&] { write("\xff", right); });
  EXPECT_FALSE(fs::exists(folder_ / "x.safetensors"));
}

TEST_F(Safetensors, TruncatedAtEveryByteIsAnErrorAndNeverACrash) {
  const Bytes whole = read_file(fs::path(ALEA_SOURCE_DIR) / "tests/fixtures/safetensors_mixed.safetensors");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const Bytes part = exact(std::span(whole).first(n));
    expect_error(ErrorCode::data, "some.safetensors: ", [&] { parse(part); });
  }
}

TEST_F(Safetensors, EveryFlippedHeaderByteIsReadOrRefusedAndNeverCrashes) {
  const Bytes whole = read_file(fs::path(ALEA_SOURCE_DIR) / "tests/fixtures/safetensors_mixed.safetensors");
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (const unsigned mask : {0x01U, 0xffU}) {
      Bytes damaged = whole;
      damaged[i] ^= static_cast<std::byte>(mask);
      try {
        for (const auto& [name, tensor] : parse(damaged))
          EXPECT_TRUE(tensor.bytes.empty() || (tensor.bytes.data() >= damaged.data() &&
                                               tensor.bytes.data() + tensor.bytes.size() <= damaged.data() + damaged.size()));
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::data);
      }
    }
}

TEST_F(Safetensors, RefusesAnImpossibleHeaderLength) {
  Bytes file = safetensors_bytes("{}", 0);
  file[7] = std::byte{0xff};
  expect_error(ErrorCode::data, "at most 100000000 bytes", [&] { parse(file); });
  file = safetensors_bytes("{}", 0);
  file[0] = std::byte{3};
  expect_error(ErrorCode::data, "offset 8: expected a header of 3 bytes, found 2", [&] { parse(file); });
  EXPECT_TRUE(parse(safetensors_bytes("{}   ", 0)).empty());
}

TEST_F(Safetensors, RefusesAHeaderThatIsNotAnObject) {
  expect_refused("", 0, "empty header");
  expect_refused("[]", 0, "begins with '{'");
  expect_refused(" {}", 0, "begins with '{'");
  expect_refused("{} x", 0, "not JSON");
  expect_refused("{\"a\"", 0, "offset 12: the header is not JSON");
  expect_refused(std::string_view("{}\0{}", 5), 0, "offset 10: expected JSON text, found a zero byte");
  expect_refused("{\"\xff\":1}", 0, "not JSON");
  expect_refused("{" + std::string(5000, '\x01'), 0, "not JSON");
  expect_refused(R"({"a":1e999})", 0, "header");
}

TEST_F(Safetensors, RefusesDeepNestingWithoutRecursion) {
  expect_refused(R"({"a":)" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}", 0, "levels of nesting");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  expect_refused(objects, 0, "levels of nesting");
}

TEST_F(Safetensors, RefusesDuplicateKeysAtEveryLevel) {
  const std::string body = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  expect_refused(R"({"a":)" + body + R"(,"a":)" + body + "}", 1, R"(found "a" twice)");
  expect_refused(R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1, R"(found "dtype" twice)");
  expect_refused(R"({"__metadata__":{"k":"1","k":"2"}})", 0, R"(found "k" twice)");
  EXPECT_EQ(parse(safetensors_bytes(R"({"a":)" + body + R"(,"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2)).size(),
            2U);
}

TEST_F(Safetensors, RefusesMetadataThatIsNotText) {
  expect_refused(R"({"__metadata__":[]})", 0, "expected an object of strings, found array");
  expect_refused(R"({"__metadata__":{"k":1}})", 0, R"(__metadata__/"k": expected a string, found number)");
}

TEST_F(Safetensors, RefusesAWrongEntry) {
  expect_refused(R"({"a":1})", 0, R"(tensor "a": expected an object of exactly dtype, shape and data_offsets, found 1)");
  expect_refused(R"({"a":{"dtype":"U8","shape":[1]}})", 1, "exactly dtype, shape and data_offsets");
  expect_refused(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":1}})", 1, "exactly dtype");
  expect_refused(one_tensor("F4", "[2]", "[0,1]"), 1, R"(tensor "a": key dtype: expected one of BOOL, U8, I8, F8_E4M3, F8_E5M2)");
  expect_refused(one_tensor("F6_E2M3", "[4]", "[0,3]"), 3, R"(found "F6_E2M3")");
  expect_refused(one_tensor("f32", "[1]", "[0,4]"), 4, R"(found "f32")");
  expect_refused(one_tensor("U8", "1", "[0,1]"), 1, "key shape: expected an array");
  expect_refused(one_tensor("U8", "[-1]", "[0,1]"), 1, "whole numbers in [0, 2^63), found -1");
  expect_refused(one_tensor("U8", "[1.0]", "[0,1]"), 1, "found 1.0");
  expect_refused(one_tensor("U8", "[9223372036854775808]", "[0,1]"), 1, "found 9223372036854775808");
  expect_refused(one_tensor("U8", "[1" + std::string(200, ' ') + ",1]", "[0,2]"), 2, "expects 1 bytes, found 2");
  expect_refused(one_tensor("U8", "[1]", "[0]"), 1, "key data_offsets: expected [begin, end]");
  expect_refused(one_tensor("U8", "[1]", "[-1,0]"), 1, "key data_offsets: expected [begin, end]");
  expect_refused(one_tensor("U8", "[1]", "[1,0]"), 1, "begin <= end <= 1");
  expect_refused(one_tensor("U8", "[2]", "[0,2]"), 1, "begin <= end <= 1 (what the file holds), found [0, 2]");
  expect_refused(one_tensor("U8", "[1]", "[18446744073709551615,18446744073709551616]"), 1, "key data_offsets");
  expect_refused(one_tensor("F32", "[2]", "[0,7]"), 7, "shape [2] of F32 expects 8 bytes, found 7");
}

TEST_F(Safetensors, RefusesAProductThatOverflows) {
  expect_refused(one_tensor("F32", "[4611686018427387904,4]", "[0,0]"), 0, "overflows");
  expect_refused(one_tensor("U8", "[4294967296,4294967296]", "[0,0]"), 0, "overflows");
  expect_refused(one_tensor("F64", "[9223372036854775807]", "[0,0]"), 0, "overflows");
  expect_refused(one_tensor("U8", "[0,4294967296,4294967296]", "[0,0]"), 0, "overflows");
  EXPECT_EQ(parse(safetensors_bytes(one_tensor("U8", "[0,4294967296]", "[0,0]"), 0)).at("a").bytes.size(), 0U);
}

TEST_F(Safetensors, RefusesHolesOverlapsAndBytesLeftOver) {
  const auto two = [](std::string_view first, std::string_view second, int n, int m) {
    return fmt::format(
        R"({{"a":{{"dtype":"U8","shape":[{}],"data_offsets":{}}},"b":{{"dtype":"U8","shape":[{}],"data_offsets":{}}}}})", n,
        first, m, second);
  };
  EXPECT_EQ(parse(safetensors_bytes(two("[2,4]", "[0,2]", 2, 2), 4)).size(), 2U);
  expect_refused(two("[0,2]", "[3,5]", 2, 2), 5, R"(tensor "b": expected to begin at offset 2 of the data, found 3 (a hole))");
  expect_refused(two("[0,2]", "[1,3]", 2, 2), 3,
                 R"(tensor "b": expected to begin at offset 2 of the data, found 1 (an overlap))");
  expect_refused(one_tensor("U8", "[1]", "[1,2]"), 2, "a hole");
  expect_refused(one_tensor("U8", "[1]", "[0,1]"), 2, "expected 1 bytes of data, found 2");
  expect_refused("{}", 1, "expected 0 bytes of data, found 1");
}

TEST_F(Safetensors, RefusesABooleanThatIsNeitherZeroNorOne) {
  Bytes file = safetensors_bytes(one_tensor("BOOL", "[2]", "[0,2]"), 2);
  EXPECT_EQ(parse(file).size(), 1U);
  file.back() = std::byte{2};
  expect_error(ErrorCode::data, "booleans of 0 or 1", [&] { parse(file); });
}

TEST_F(Safetensors, AHostileNameIsShortenedAndEscapedInTheError) {
  expect_refused("{\"" + std::string(100'000, 'n') + "\":1}", 0, "nnn...");
  expect_refused(R"({"\u001b[31m":1})", 0, R"(\u001b)");
}

TEST_F(Safetensors, AMissingEmptyOrForeignFileIsAClearError) {
  expect_error(ErrorCode::io, (folder_ / "none").string(), [&] { SafetensorsFile file(folder_ / "none"); });
  expect_error(ErrorCode::io, "regular file", [&] { SafetensorsFile file{folder_}; });
  atomic_write(folder_ / "empty", std::string_view());
  expect_error(ErrorCode::data, "found 0 bytes", [&] { SafetensorsFile file(folder_ / "empty"); });
  atomic_write(folder_ / "text", std::string_view("a text that is no safetensors file"));
  expect_error(ErrorCode::data, (folder_ / "text").string(), [&] { SafetensorsFile file(folder_ / "text"); });
}

TEST_F(Safetensors, DtypesHaveTheNamesAndSizesOfTheFormat) {
  EXPECT_STREQ(dtype_name(DType::bf16), "BF16");
  EXPECT_STREQ(dtype_name(DType::boolean), "BOOL");
  EXPECT_STREQ(dtype_name(DType::f8_e4m3fnuz), "F8_E4M3FNUZ");
  EXPECT_STREQ(dtype_name(DType::c128), "C128");
  EXPECT_EQ(dtype_bytes(DType::bf16), 2U);
  EXPECT_EQ(dtype_bytes(DType::u64), 8U);
}

}  // namespace
}  // namespace alea
