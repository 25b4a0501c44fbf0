#include "formats/torch_archive.h"

#include "tests/unit/formats/format_test.h"
#include "tests/unit/formats/values.h"

namespace alea {
namespace {

fs::path fixture(const std::string& name) { return fs::path(ALEA_SOURCE_DIR) / "tests/fixtures/torch" / (name + ".pt"); }

using Tensors = std::map<std::string, TensorSpan>;

std::vector<std::string> names_of(const Tensors& tensors) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors) names.push_back(name);
  return names;
}

void expect_fixture_values(const Tensors& tensors) {
  for (const auto& [name, tensor] : tensors)
    EXPECT_EQ(values_of(tensor), fixture_values(tensor.dtype, tensor.bytes.size() / dtype_bytes(tensor.dtype))) << name;
}

/// Reads every byte of every tensor, so that a sanitizer sees a span that leaves its memory.
std::uint64_t read_all(std::span<const std::byte> file) {
  Tensors tensors;
  const auto owner = parse_torch_archive(file, "some.pt", tensors);
  std::uint64_t sum = 0;
  for (const auto& [name, tensor] : tensors)
    for (const std::byte b : tensor.bytes) sum += std::to_integer<std::uint64_t>(b);
  return sum;
}

class TorchContainer : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, TorchContainer, ::testing::Values("zip", "zip4", "legacy", "legacy4"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(TorchContainer, HoldsEveryDtypeAndEveryViewOfSharedStorage) {
  const TorchArchive archive(fixture(std::string("mixed.") + GetParam()));
  Tensors plain = archive.tensors();
  const auto take = [&](const std::string& name) { return plain.extract(name).mapped(); };
  const auto shared = take("shared"), row = take("row"), transposed = take("transposed");
  const auto every_second = take("every_second"), expanded = take("expanded");
  expect_fixture_values(plain);
  EXPECT_EQ(plain.size(), 12U);
  EXPECT_EQ(plain.at("t.bfloat16").dtype, DType::bf16);
  EXPECT_EQ(plain.at("t.bool").dtype, DType::boolean);
  EXPECT_EQ(plain.at("t.int64").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(plain.at("scalar").shape, std::vector<std::int64_t>{});
  EXPECT_EQ(plain.at("empty").shape, (std::vector<std::int64_t>{0, 3}));

  EXPECT_EQ(row.bytes.data(), shared.bytes.data() + 24);  // one storage
  const auto all = values_of(shared), turned = values_of(transposed);
  EXPECT_EQ(all, fixture_values(DType::f32, 24));
  EXPECT_EQ(transposed.shape, (std::vector<std::int64_t>{6, 4}));
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t j = 0; j < 4; ++j) EXPECT_EQ(turned[4 * i + j], all[6 * j + i]);
  EXPECT_EQ(values_of(every_second), (std::vector<double>{all[1], all[3], all[5], all[13], all[15], all[17]}));
  EXPECT_EQ(values_of(expanded), std::vector<double>(6, -1));
}

TEST_P(TorchContainer, HoldsTheStateOfAModule) {
  const TorchArchive archive(fixture(std::string("module.") + GetParam()));
  EXPECT_EQ(names_of(archive.tensors()), (std::vector<std::string>{"0.bias", "0.weight", "1.bias", "1.num_batches_tracked",
                                                                   "1.running_mean", "1.running_var", "1.weight"}));
  EXPECT_EQ(archive.tensors().at("0.weight").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(archive.tensors().at("1.num_batches_tracked").dtype, DType::i64);
  expect_fixture_values(archive.tensors());
}

TEST_P(TorchContainer, TruncatedAtEveryByteIsAnError) {
  const Bytes whole = read_file(fixture(std::string("mixed.") + GetParam()));
  for (std::size_t n = 0; n < whole.size(); ++n)
    expect_error(ErrorCode::data, "some.pt: ", [&] { read_all(exact(std::span(whole).first(n))); });
  Bytes longer = whole;
  longer.push_back(std::byte{0});
  expect_error(ErrorCode::data, "some.pt: ", [&] { read_all(longer); });
}

TEST_P(TorchContainer, EveryFlippedByteIsReadOrRefusedAndNeverCrashes) {
  const Bytes whole = read_file(fixture(std::string("mixed.") + GetParam()));
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (const unsigned mask : {0x01U, 0x04U, 0x80U, 0xffU}) {
      Bytes damaged = whole;
      damaged[i] ^= static_cast<std::byte>(mask);
      try {
        EXPECT_LT(read_all(damaged), 1U << 20);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::data);
      }
    }
}

TEST(TorchArchive, FindsTheWeightsInATrainersCheckpoint) {
  for (const char* name : {"trainer.zip", "trainer.legacy"}) {
    const TorchArchive archive(fixture(name));
    EXPECT_EQ(archive.tensors().size(), 7U) << name;
    expect_fixture_values(archive.tensors());
  }
}

TEST(TorchArchive, ReadsOneItemParametersUnsignedNumbersListsAndSingleTensors) {
  for (const char* name : {"one.zip", "parameters.zip", "unsigned.zip", "list.zip", "tensor.zip", "only.zip"})
    expect_fixture_values(TorchArchive(fixture(name)).tensors());
  EXPECT_EQ(names_of(TorchArchive(fixture("parameters.zip")).tensors()), (std::vector<std::string>{"p", "q"}));
  EXPECT_EQ(names_of(TorchArchive(fixture("list.zip")).tensors()), (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(names_of(TorchArchive(fixture("tensor.zip")).tensors()), std::vector<std::string>{"tensor"});
  EXPECT_EQ(names_of(TorchArchive(fixture("only.zip")).tensors()), std::vector<std::string>{"w"});
  EXPECT_EQ(TorchArchive(fixture("unsigned.zip")).tensors().at("u32").dtype, DType::u32);
}

TEST(TorchArchive, WeightsThatCouldBeMeantTwiceAreAskedFor) {
  expect_error(ErrorCode::data, R"(found several: "model", "ema")", [] { TorchArchive archive(fixture("choice.zip")); });
  EXPECT_EQ(values_of(TorchArchive(fixture("choice.zip"), "ema").tensors().at("w")), (std::vector<double>{0, 0.25}));
  EXPECT_EQ(values_of(TorchArchive(fixture("choice.zip"), "model").tensors().at("w")), (std::vector<double>{-1, -0.75}));
  expect_error(ErrorCode::data, R"(expected a dict of tensors "teacher", found "model", "ema")",
               [] { TorchArchive archive(fixture("choice.zip"), "teacher"); });
  expect_error(ErrorCode::data, R"(found a dict with "epoch", "loss")", [] { TorchArchive archive(fixture("numbers.zip")); });
}

TEST(TorchArchive, CodeIsRefusedByNameAndNeverRun) {
  for (const char* name : {"malicious.zip", "malicious.legacy"})
    expect_error(ErrorCode::data, R"(the global "posix.system" is refused)", [&] { TorchArchive archive(fixture(name)); });
  expect_error(ErrorCode::data, R"(the global "torch.nn.modules.linear.Linear" is refused)",
               [] { TorchArchive archive(fixture("whole_module.zip")); });
  expect_error(ErrorCode::data, "is a TorchScript archive", [] { TorchArchive archive(fixture("script")); });
}

TEST(TorchArchive, ADtypeThatIsNotReadIsNamedWithItsTensor) {
  const std::string file = read_text_file(fixture("small_floats.legacy"));
  std::string other = file;
  const std::string_view known = "float8_e8m0fnu\n", unread = "float4_e2m1fn_x2\n";
  other.replace(other.find(known), known.size(), unread);
  expect_error(
      ErrorCode::data,
      R"(tensor "float8_e8m0fnu": expected a dtype that can be read as its seventh argument, found torch.float4_e2m1fn_x2)",
      [&] { read_all(to_bytes(other)); });
  other.replace(other.find(unread), unread.size(), "float3\n");
  expect_error(ErrorCode::data, R"(the global "torch.float3" is refused)", [&] { read_all(to_bytes(other)); });
}

TEST(TorchArchive, IsKnownByContent) {
  for (const char* name : {"mixed.zip", "mixed.zip4", "mixed.legacy", "mixed.legacy4"})
    EXPECT_TRUE(is_torch_archive(read_file(fixture(name)))) << name;
  EXPECT_FALSE(is_torch_archive(read_file(fs::path(ALEA_SOURCE_DIR) / "tests/fixtures/safetensors_mixed.safetensors")));
  EXPECT_FALSE(is_torch_archive({}));
  Bytes tar(512);
  std::memcpy(tar.data() + 257, "ustar", 5);
  expect_error(ErrorCode::data, "is a tar file of torch before 0.4", [&] { read_all(tar); });
  expect_error(ErrorCode::data, "begins with \"a text\"", [] { read_all(to_bytes("a text")); });
}

}  // namespace
}  // namespace alea
