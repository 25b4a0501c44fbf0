#include "models/encoder.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>
#include <unistd.h>

#include <fstream>

#include "core/error.h"
#include "core/files.h"
#include "models/weights.h"

namespace alea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

fs::path temporary(const std::string& name) { return fs::path(testing::TempDir()) / (std::to_string(::getpid()) + "_" + name); }

std::pair<ErrorCode, std::string> error_of(const EncoderOptions& options) {
  try {
    make_encoder(options);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {ErrorCode::internal, "no error"};
}

TEST(MakeEncoder, SaysWhereThePublishedWeightsAre) {
  EncoderOptions options;
  const auto [code, text] = error_of(options);
  EXPECT_EQ(code, ErrorCode::io);
  EXPECT_THAT(text, AllOf(HasSubstr("pt_inception-2015-12-05-6726825d.pth"), HasSubstr("https://github.com/mseitzer/pytorch-fid"),
                          HasSubstr("begins with 6726825d")));
  options.network = "vgg16";
  options.weights = "/nowhere/vgg16.pth";
  EXPECT_THAT(error_of(options).second, AllOf(HasSubstr("/nowhere/vgg16.pth"), HasSubstr("vgg16-397923af.pth")));
}

TEST(MakeEncoder, SuggestsAName) {
  EncoderOptions options;
  options.network = "incepton";
  const auto [code, text] = error_of(options);
  EXPECT_EQ(code, ErrorCode::config);
  EXPECT_THAT(text, HasSubstr("inception"));
}

TEST(MakeEncoder, NamesEveryKeyThatDoesNotFit) {
  const auto file = temporary("half.safetensors");
  save_weights(file, {{"Conv2d_1a_3x3.conv.weight", at::zeros({32, 3, 5, 5})}, {"fc.gain", at::zeros({2})}}, StoredAs::f32);
  EncoderOptions options;
  options.weights = file;
  const auto [code, text] = error_of(options);
  fs::remove(file);
  EXPECT_EQ(code, ErrorCode::data);
  EXPECT_THAT(text, AllOf(HasSubstr("Conv2d_1a_3x3.conv.weight: expected [32, 3, 3, 3], found [32, 3, 5, 5]"),
                          HasSubstr("unexpected  fc.gain"), HasSubstr("Mixed_7c.branch_pool.bn.running_var")));
}

/// A module of a user's: means of the channels and of their squares.
fs::path module_file(const std::string& body) {
  torch::jit::Module module("Statistics");
  module.define("def forward(self, x):\n  return " + body + "\n");
  const auto file = temporary("statistics.pt");
  module.save(file.string());
  return file;
}

EncoderOptions torchscript(const fs::path& file) {
  EncoderOptions options;
  options.network = "torchscript";
  options.weights = file;
  options.normalise = "unit";
  options.input = 32;
  return options;
}

TEST(TorchScriptEncoder, GivesTheModulesAnswerUnderTheNameOfItsFile) {
  const auto file = module_file("torch.cat([x.mean([2, 3]), (x * x).mean([2, 3])], 1)");
  auto options = torchscript(file);
  const auto network = make_encoder(options);
  EXPECT_EQ(network->spec().name, file.stem());
  EXPECT_EQ(network->spec().width, 6);
  EXPECT_EQ(network->spec().weights_sha256, sha256_file(file));
  const auto out = network->evaluate(at::full({2, 3, 20, 30}, 51, at::kByte));
  EXPECT_TRUE(at::allclose(out.features.narrow(1, 0, 3), at::full({2, 3}, 0.2), 0, 1e-6));
  EXPECT_TRUE(at::allclose(out.features.narrow(1, 3, 3), at::full({2, 3}, 0.04), 0, 1e-6));
  EXPECT_FALSE(out.logits.defined() || out.spatial.defined());

  options.name = "dinov2";
  options.sha256 = network->spec().weights_sha256;
  EXPECT_EQ(make_encoder(options)->spec().name, "dinov2");
  options.sha256 = std::string(64, '0');
  EXPECT_EQ(error_of(options).first, ErrorCode::data);
  fs::remove(file);
}

TEST(TorchScriptEncoder, RefusesAnotherAnswerAndAnotherFile) {
  const auto file = module_file("x");
  EXPECT_EQ(error_of(torchscript(file)).first, ErrorCode::shape);
  std::ofstream(file) << "PK\3\4 no archive";
  EXPECT_EQ(error_of(torchscript(file)).first, ErrorCode::data);
  fs::remove(file);
  EXPECT_EQ(error_of(torchscript(file)).first, ErrorCode::io);
}

TEST(TorchScriptEncoder, ReportsWhatTheModuleThrows) {
  const auto file = module_file("x.view([7])");
  const auto [code, text] = error_of(torchscript(file));
  fs::remove(file);
  EXPECT_EQ(code, ErrorCode::data);
  EXPECT_THAT(text, HasSubstr(file.string()));
}

}  // namespace
}  // namespace alea
