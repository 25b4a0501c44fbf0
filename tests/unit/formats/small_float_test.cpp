#include "formats/small_float.h"

#include "formats/torch_archive.h"
#include "tests/unit/formats/format_test.h"
#include "tests/unit/formats/values.h"

namespace alea {
namespace {

fs::path fixture(const std::string& name) { return fs::path(ALEA_SOURCE_DIR) / "tests/fixtures" / name; }

/// As the definition lists them: from 0 in equal steps, which double behind every binade but the first.
std::vector<double> counted_up(std::size_t n, std::size_t codes_a_binade, double first_step) {
  std::vector<double> values{0};
  double step = first_step;
  for (std::size_t code = 1; code < n; ++code) {
    values.push_back(values.back() + step);
    if (code % codes_a_binade == 0 && code > codes_a_binade) step *= 2;
  }
  return values;
}

struct Format {
  const char* name;  // torch's
  DType dtype;
  SmallFloat layout;
  std::vector<double> positive;  // of the first codes; what follows is infinite or none
  std::vector<std::uint32_t> nan;
  std::vector<std::uint32_t> infinite = {};
};

void PrintTo(const Format& format, std::ostream* out) { *out << format.name; }

std::vector<double> powers_of_two() {
  std::vector<double> values;
  for (double value = 0x1p-127; values.size() < 255; value *= 2) values.push_back(value);
  return values;
}

class SmallFloats : public ::testing::TestWithParam<Format> {
 protected:
  /// Equal, NaN to NaN.
  static void expect_same(const std::vector<double>& found, const std::vector<double>& expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t code = 0; code < found.size(); ++code) {
      EXPECT_EQ(std::isnan(found[code]), std::isnan(expected[code])) << code;
      if (std::isnan(expected[code])) continue;
      EXPECT_EQ(found[code], expected[code]) << code;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(
    Dtypes, SmallFloats,
    ::testing::Values(Format{"float8_e4m3fn", DType::f8_e4m3, kE4M3, counted_up(127, 8, 0x1p-9), {0x7f, 0xff}},
                      Format{"float8_e5m2",
                             DType::f8_e5m2,
                             kE5M2,
                             counted_up(124, 4, 0x1p-16),
                             {0x7d, 0x7e, 0x7f, 0xfd, 0xfe, 0xff},
                             {0x7c, 0xfc}},
                      Format{"float8_e4m3fnuz", DType::f8_e4m3fnuz, kE4M3Fnuz, counted_up(128, 8, 0x1p-10), {0x80}},
                      Format{"float8_e5m2fnuz", DType::f8_e5m2fnuz, kE5M2Fnuz, counted_up(128, 4, 0x1p-17), {0x80}},
                      Format{"float8_e8m0fnu", DType::f8_e8m0, kE8M0, powers_of_two(), {0xff}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_P(SmallFloats, EveryCodeIsTheNumberOfTheDefinition) {
  const Format& format = GetParam();
  for (std::size_t code = 0; code < format.positive.size(); ++code) {
    EXPECT_EQ(format.layout.value(static_cast<std::uint32_t>(code)), format.positive[code]) << code;
    if (format.dtype == DType::f8_e8m0 || code == 0) continue;
    EXPECT_EQ(format.layout.value(static_cast<std::uint32_t>(code) | 0x80), -format.positive[code]) << code;
  }
  for (const std::uint32_t code : format.nan) EXPECT_TRUE(std::isnan(format.layout.value(code))) << code;
  for (const std::uint32_t code : format.infinite)
    EXPECT_EQ(format.layout.value(code), (code & 0x80) != 0 ? -HUGE_VAL : HUGE_VAL);
  const std::size_t signs = format.dtype == DType::f8_e8m0 ? 1 : 2, zero = format.nan.front() == 0x80 ? 1 : 0;
  EXPECT_EQ(signs * format.positive.size() - zero + format.nan.size() + format.infinite.size(), 256U);
}

TEST_P(SmallFloats, EveryCodeOfSafetensorsIsTheNumberThatTorchMakesOfIt) {
  const SafetensorsFile file(fixture("small_floats.safetensors"));
  const TensorSpan& codes = file.tensors().at(GetParam().name);
  EXPECT_EQ(codes.dtype, GetParam().dtype);
  EXPECT_TRUE(is_floating(codes.dtype));
  expect_same(values_of(codes), values_of(file.tensors().at(std::string("values.") + GetParam().name)));
}

TEST_P(SmallFloats, TorchArchivesHoldTheSameCodes) {
  const SafetensorsFile file(fixture("small_floats.safetensors"));
  for (const char* container : {"zip", "legacy"}) {
    const TorchArchive archive(fixture(fmt::format("torch/small_floats.{}.pt", container)));
    const TensorSpan& codes = archive.tensors().at(GetParam().name);
    EXPECT_EQ(codes.dtype, GetParam().dtype) << container;
    EXPECT_TRUE(std::ranges::equal(codes.bytes, file.tensors().at(GetParam().name).bytes)) << container;
  }
}

TEST(SmallFloatsOf16Bits, EveryBfloat16IsTheUpperHalfOfAFloat) {
  for (std::uint32_t code = 0; code < 0x10000; ++code) {
    const double expected = std::bit_cast<float>(code << 16), found = kBfloat16.value(code);
    EXPECT_TRUE(found == expected || (std::isnan(found) && std::isnan(expected))) << code;
  }
}

TEST(SmallFloatsOf16Bits, RoundToTheNearestAndToEven) {
  for (std::uint32_t code = 0; code < 0x7c00; ++code) EXPECT_EQ(kHalf.rounded(kHalf.value(code)), kHalf.value(code)) << code;
  EXPECT_EQ(kHalf.rounded(2049), 2048);  // half-way between 2048 and 2050
  EXPECT_EQ(kHalf.rounded(2051), 2052);
  EXPECT_EQ(kHalf.rounded(2049.01), 2050);
  EXPECT_EQ(kHalf.rounded(-2049.01), -2050);
  EXPECT_EQ(kHalf.rounded(65519.9), 65504);
  EXPECT_EQ(kHalf.rounded(65520), HUGE_VAL);
  const double least = std::ldexp(1.0, -24);
  EXPECT_EQ(kHalf.rounded(0.75 * least), least);
  EXPECT_EQ(kHalf.rounded(0.5 * least), 0);
}

TEST(ComplexNumbers, AreCarriedByNameAndNeverTurnedIntoRealOnes) {
  const SafetensorsFile file(fixture("complex.safetensors"));
  const TorchArchive zip(fixture("torch/complex.zip.pt")), legacy(fixture("torch/complex.legacy.pt"));
  for (const auto* tensors : {&file.tensors(), &zip.tensors(), &legacy.tensors()}) {
    const TensorSpan& turn = tensors->at("turn");
    EXPECT_EQ(turn.dtype, DType::c64);
    EXPECT_FALSE(is_floating(turn.dtype));
    EXPECT_EQ(values_of({DType::f32, {4}, turn.bytes}), (std::vector<double>{1, 2, 3, -4}));
    expect_error(ErrorCode::data, "found complex ones (C64)", [&] { values_of(turn); });
    EXPECT_EQ(values_of(tensors->at("real")), (std::vector<double>{1, 1}));
  }
  for (const auto* archive : {&zip, &legacy}) {
    const TensorSpan& twice = archive->tensors().at("double");
    EXPECT_EQ(twice.dtype, DType::c128);
    EXPECT_EQ(values_of({DType::f64, {2}, twice.bytes}), (std::vector<double>{0, 1}));
  }
}

}  // namespace
}  // namespace alea
