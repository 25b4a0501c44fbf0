#include "models/checkpoint.h"

#include <ATen/Functions.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/files.h"
#include "formats/npy.h"
#include "models/models.h"
#include "models/nn/unet.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CheckpointFiles : public ::testing::Test {
 protected:
  fs::path save(const std::string& name, const WeightMap& weights) const {
    save_weights(root_ / name, weights, StoredAs::f32);
    return root_ / name;
  }
  fs::path index(const std::string& weight_map) const {
    atomic_write(root_ / "model.safetensors.index.json", "{\"metadata\": {}, \"weight_map\": " + weight_map + "}");
    return root_ / "model.safetensors.index.json";
  }
  std::string message_of(const fs::path& path, const CheckpointOptions& options = {}) const {
    try {
      Checkpoint checkpoint(path, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  const at::Tensor a_ = at::arange(6, at::kFloat).reshape({2, 3}), b_ = at::full({4}, -0.5), c_ = at::ones({1});
  testing::TemporaryFolder root_;
};

std::vector<std::string> names_of(const Checkpoint& checkpoint) {
  std::vector<std::string> names;
  for (const auto& [name, span] : checkpoint.tensors()) names.push_back(name);
  return names;
}

TEST_F(CheckpointFiles, ShardsAreOneCheckpointWithOneHash) {
  save("one.safetensors", {{"a", a_}, {"b", b_}});
  save("two.safetensors", {{"c", c_}});
  const auto path = index(R"({"a": "one.safetensors", "b": "one.safetensors", "c": "two.safetensors"})");
  const Checkpoint checkpoint(path);
  EXPECT_THAT(names_of(checkpoint), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(at::equal(checkpoint.read("a"), a_));
  EXPECT_TRUE(at::equal(checkpoint.read("c"), c_));
  const std::string lines = sha256_file(root_ / "one.safetensors") + "  one.safetensors\n" +
                            sha256_file(root_ / "two.safetensors") + "  two.safetensors\n";
  EXPECT_EQ(checkpoint.sha256(), sha256_hex(std::as_bytes(std::span(lines))));
  EXPECT_EQ(Checkpoint(path, {.sha256 = checkpoint.sha256().substr(0, 8)}).sha256(), checkpoint.sha256());
  EXPECT_THAT(message_of(path, {.sha256 = "0123456789"}), HasSubstr(", expected 0123456789; fetch"));
}

TEST_F(CheckpointFiles, ShardsAndTheirIndexMustAgree) {
  save("one.safetensors", {{"a", a_}, {"b", b_}});
  save("two.safetensors", {{"a", a_}});
  EXPECT_THAT(message_of(index(R"({"a": "one.safetensors"})")), HasSubstr("key b is in a shard, but not listed"));
  EXPECT_THAT(message_of(index(R"({"a": "one.safetensors", "b": "one.safetensors", "z": "one.safetensors"})")),
              HasSubstr("key z is listed in one.safetensors, but isn't there"));
  EXPECT_THAT(message_of(index(R"({"a": "one.safetensors", "b": "two.safetensors"})")),
              HasSubstr("key a is in an earlier shard"));
  EXPECT_THAT(message_of(index(R"({"a": "three.safetensors"})")),
              AllOf(HasSubstr("three.safetensors"), HasSubstr("isn't there")));
  for (const char* outside : {"../one.safetensors", "/etc/passwd", "..", "sub/one.safetensors", ""})
    EXPECT_THAT(message_of(index(std::string(R"({"a": ")") + outside + "\"}")),
                HasSubstr("expected the name of a file beside it"));
  EXPECT_THAT(message_of(index("[]")), HasSubstr("/weight_map: expected an object"));
}

TEST_F(CheckpointFiles, WrappersPrefixesComeOffWhereEveryKeyHasThem) {
  EXPECT_THAT(names_of(Checkpoint(save("all.safetensors", {{"module.a", a_}, {"module.b", b_}}))), ElementsAre("a", "b"));
  EXPECT_THAT(names_of(Checkpoint(save("some.safetensors", {{"module.a", a_}, {"b", b_}}))), ElementsAre("b", "module.a"));
}

TEST_F(CheckpointFiles, APrefixChoosesThePartThatCounts) {
  const auto path = save("both.safetensors", {{"ema.a", a_}, {"model.a", b_}});
  const Checkpoint checkpoint(path, {.prefix = "ema."});
  EXPECT_THAT(names_of(checkpoint), ElementsAre("a"));
  EXPECT_TRUE(at::equal(checkpoint.read("a"), a_));
  EXPECT_THAT(checkpoint.left_out(), ElementsAre("model.a"));
  EXPECT_THAT(message_of(path, {.prefix = "unet."}), AllOf(HasSubstr("\"unet.\""), HasSubstr("ema.a")));
  EXPECT_THAT(message_of(path, {.rename = [](const std::string&) { return "x"; }}), HasSubstr("two keys stand for x"));
}

/// Every code of every dtype of at most 16 bits by torch's conversion and by ours.
TEST_F(CheckpointFiles, NumbersOfFewerBitsBecomeFloatsExactly) {
  std::vector<std::uint8_t> bytes(256);
  std::iota(bytes.begin(), bytes.end(), 0);
  std::vector<std::uint16_t> words(65536);
  std::iota(words.begin(), words.end(), 0);
  std::map<std::string, TensorSpan> tensors;
  for (const DType dtype : {DType::f8_e4m3, DType::f8_e5m2, DType::f8_e4m3fnuz, DType::f8_e5m2fnuz, DType::f8_e8m0})
    tensors[dtype_name(dtype)] = {dtype, {256}, std::as_bytes(std::span(bytes))};
  for (const DType dtype : {DType::f16, DType::bf16})
    tensors[dtype_name(dtype)] = {dtype, {65536}, std::as_bytes(std::span(words))};
  write_safetensors(root_ / "codes.safetensors", tensors);
  const Checkpoint checkpoint(root_ / "codes.safetensors");
  for (const auto& [name, span] : tensors) {
    const at::Tensor read = checkpoint.read(name);
    const auto expected = as_doubles({span.dtype, {}, Bytes(span.bytes.begin(), span.bytes.end())});
    for (std::size_t code = 0; code < expected.size(); ++code) {
      const double found = read.const_data_ptr<float>()[code];
      ASSERT_TRUE(found == expected[code] || (std::isnan(found) && std::isnan(expected[code]))) << name << " " << code;
    }
  }
}

TEST_F(CheckpointFiles, ComplexNumbersAreRefusedByKeyUnlessThePrefixLeavesThemOut) {
  const fs::path path = fs::path(ALEA_SOURCE_DIR) / "tests/fixtures/complex.safetensors";
  EXPECT_THAT(message_of(path), HasSubstr(path.string() + ": key turn: expected real numbers, found complex ones (C64)"));
  EXPECT_THAT(message_of(fs::path(ALEA_SOURCE_DIR) / "tests/fixtures/torch/complex.zip.pt"),
              HasSubstr("key double: expected real numbers, found complex ones (C128)"));
  EXPECT_THAT(names_of(Checkpoint(path, {.prefix = "re"})), ElementsAre("al"));
}

TEST_F(CheckpointFiles, IntegersInPlaceOfAParameterAreRefusedByKeyAndDtype) {
  const std::vector<std::int8_t> quantised(6);
  const std::vector<float> bias(2);
  write_safetensors(root_ / "int8.safetensors", {{"net.weight", {DType::i8, {2, 3}, std::as_bytes(std::span(quantised))}},
                                                 {"net.bias", {DType::f32, {2}, std::as_bytes(std::span(bias))}}});
  const Checkpoint checkpoint(root_ / "int8.safetensors", {.prefix = "net."});
  EXPECT_THAT(checkpoint.left_out(), ElementsAre("net.weight"));
  CheckpointSource source(checkpoint);
  source.take("bias", {2}, ParameterRole::bias);
  try {
    source.take("weight", {2, 3}, ParameterRole::matrix);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::data);
    EXPECT_THAT(error.what(), HasSubstr("int8.safetensors: key weight: expected floating-point numbers, found I8"));
  }
}

TEST_F(CheckpointFiles, AMatrixMayStandForAConvolutionOfOnePixel) {
  const auto path = save("net.safetensors", {{"a", a_}, {"b", b_}});
  const auto reshape = [](const std::string& name, std::vector<std::int64_t> shape) {
    if (name == "A") shape.insert(shape.end(), {1, 1});
    return shape;
  };
  const Checkpoint checkpoint(path, {.rename = [](std::string name) { return name == "a" ? "A" : name; }, .reshape = reshape});
  CheckpointSource source(checkpoint);
  EXPECT_TRUE(at::equal(source.take("A", {2, 3, 1, 1}, ParameterRole::matrix), a_.view({2, 3, 1, 1})));
  EXPECT_TRUE(at::equal(source.take("b", {4}, ParameterRole::bias), b_));
  source.finish();
}

TEST_F(CheckpointFiles, ASourceReportsAllThatDoesNotFitAtOnce) {
  const Checkpoint checkpoint(save("net.safetensors", {{"a", a_}, {"b", b_}, {"c", c_}}));
  CheckpointSource source(checkpoint);
  EXPECT_TRUE(at::equal(source.take("a", {2, 3}, ParameterRole::matrix), a_));
  EXPECT_EQ(source.n_parameters(), 6);
  EXPECT_EQ(source.take("b", {5}, ParameterRole::bias).sizes(), at::IntArrayRef({5}));
  source.take("d", {7}, ParameterRole::bias);
  try {
    source.finish();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("3 parameters don't fit"), HasSubstr("mis-shaped  b: expected [5], found [4]"),
                                    HasSubstr("missing     d [7]"), HasSubstr("unexpected  c [1]")));
  }
}

/// The published DDPM files are older than today's names of attention's parameters.
TEST_F(CheckpointFiles, TheDdpmUNetTakesAttentionsOldNames) {
  const nn::UnetOptions options{.in_channels = 1,
                                .out_channels = 1,
                                .block_channels = {8, 16},
                                .attention = {false, true},
                                .layers_per_block = 1,
                                .norm_groups = 4};
  InitialSource initial(3);
  const nn::Unet unet(initial, options);
  WeightMap old;
  for (const auto& [made, tensor] : initial.made()) {
    std::string name = made;
    for (const auto& [now, before] :
         {std::pair{".to_q.", ".query."}, {".to_k.", ".key."}, {".to_v.", ".value."}, {".to_out.0.", ".proj_attn."}})
      if (const auto at = name.find(now); at != name.npos) name.replace(at, std::string(now).size(), before);
    old[name] = tensor;
  }
  const auto write = [&](const std::string& name, const WeightMap& weights) {
    save(name + ".safetensors", weights);
    const Json architecture = {{"in_channels", 1},           {"out_channels", 1},     {"block_channels", {8, 16}},
                               {"attention", {false, true}}, {"layers_per_block", 1}, {"norm_groups", 4}};
    const Json manifest = {{"architecture", architecture},
                           {"schedule", {{"kind", "linear"}}},
                           {"shape", {1, 8, 8}},
                           {"weights", name + ".safetensors"},
                           {"sha256", sha256_file(root_ / (name + ".safetensors"))}};
    atomic_write(root_ / (name + ".json"), manifest.dump());
    return make_model({{"kind", "ddpm_unet"}, {"manifest", (root_ / (name + ".json")).string()}});
  };
  const auto before = write("old", old), now = write("new", initial.made());
  const Batch batch{.x = at::ones({2, 1, 8, 8}), .t = at::full({2}, 10.0), .ids = {0, 1}};
  EXPECT_TRUE(at::equal(before->predict(batch).eps, now->predict(batch).eps));
  EXPECT_EQ(before->spec().n_parameters, now->spec().n_parameters);
}

}  // namespace
}  // namespace alea
