#include "models/weights.h"

#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"

namespace alea {
namespace {

const fs::path kFixtures = fs::path(ALEA_SOURCE_DIR) / "tests/fixtures";

/// Element i is i / 4 - 1, as the fixtures say.
void expect_fixture_values(const at::Tensor& tensor, const std::string& name) {
  ASSERT_EQ(tensor.scalar_type(), at::kFloat) << name;
  const float* values = tensor.const_data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) EXPECT_EQ(values[i], static_cast<float>(i) / 4 - 1) << name;
}

template <class Action>
void expect_error(ErrorCode code, const std::string& part, Action action) {
  try {
    action();
    ADD_FAILURE() << "expected an error with: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

class WeightsFile : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, WeightsFile,
                         ::testing::Values("torch/module.zip.pt", "torch/module.zip4.pt", "torch/module.legacy.pt",
                                           "torch/trainer.zip.pt", "torch/trainer.legacy.pt"));

TEST_P(WeightsFile, GivesAModulesParametersAndLeavesItsCounterOut) {
  const auto loaded = load_weights(kFixtures / GetParam(), "");
  std::vector<std::string> names;
  for (const auto& [name, tensor] : loaded.tensors) {
    names.push_back(name);
    expect_fixture_values(tensor, name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"0.bias", "0.weight", "1.bias", "1.running_mean", "1.running_var", "1.weight"}));
  EXPECT_EQ(loaded.tensors.at("0.weight").sizes(), at::IntArrayRef({2, 3}));
  EXPECT_EQ(loaded.left_out, std::vector<std::string>{"1.num_batches_tracked"});
}

TEST(Weights, EveryFloatingTypeOfEveryContainerBecomesFloat32) {
  for (const char* file : {"torch/mixed.zip.pt", "torch/mixed.legacy.pt", "safetensors_mixed.safetensors"}) {
    const auto loaded = load_weights(kFixtures / file, "");
    for (const char* name : {"t.float32", "t.float16", "t.bfloat16", "t.float64"})
      expect_fixture_values(loaded.tensors.at(name), std::string(file) + " " + name);
    EXPECT_FALSE(loaded.tensors.contains("t.int64"));
  }
  const auto mixed = load_weights(kFixtures / "torch/mixed.legacy.pt", "").tensors;
  EXPECT_TRUE(at::equal(mixed.at("transposed"), mixed.at("shared").t()));
  EXPECT_EQ(mixed.at("empty").sizes(), at::IntArrayRef({0, 3}));
}

TEST(Weights, AMemberOfACheckpointIsTakenByName) {
  const auto path = kFixtures / "torch/choice.zip.pt";
  EXPECT_EQ(load_weights(path, "", "ema").tensors.at("w").const_data_ptr<float>()[0], 0.0F);
  expect_error(ErrorCode::data, "found several", [&] { load_weights(path, ""); });
}

TEST(Weights, AHashOrItsBeginningIsChecked) {
  const auto path = kFixtures / "torch/module.zip.pt";
  const std::string sha256 = sha256_file(path);
  EXPECT_EQ(load_weights(path, sha256).sha256, sha256);
  EXPECT_EQ(load_weights(path, sha256.substr(0, 8)).sha256, sha256);
  std::string other = sha256.substr(0, 8);
  other.back() = other.back() == '0' ? '1' : '0';
  expect_error(ErrorCode::data, ", expected " + other, [&] { load_weights(path, other); });
  expect_error(ErrorCode::data, ", expected " + sha256 + "0; fetch or train", [&] { load_weights(path, sha256 + "0"); });
  expect_error(ErrorCode::config, "first 8 or more", [&] { load_weights(path, sha256.substr(0, 7)); });
  expect_error(ErrorCode::config, "hex digits", [&] { load_weights(path, "../../../x"); });
  expect_error(ErrorCode::io, "weights not found", [&] { load_weights(path / "none", ""); });
}

}  // namespace
}  // namespace alea
