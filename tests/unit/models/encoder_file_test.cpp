#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>
#include <unistd.h>

#include "core/error.h"
#include "core/files.h"
#include "models/encoder.h"
#include "models/nn/inception.h"
#include "models/preprocess.h"
#include "tests/support/environment.h"
#include "tests/support/kept_source.h"

namespace alea {
namespace {

namespace fs = std::filesystem;

/// Removed at the end of its scope.
struct TemporaryFile {
  explicit TemporaryFile(const std::string& name)
      : path(fs::path(testing::TempDir()) / (std::to_string(::getpid()) + "_" + name)) {}
  ~TemporaryFile() { fs::remove(path); }
  fs::path path;
};

TEST(InceptionEncoder, FromAFileGivesWhatTheNetworkGives) {
  const TemporaryFile file("inception.safetensors");
  test::KeptSource source;
  nn::Inception network(source, {});
  EXPECT_EQ(source.kept.size(), 94u * 5 + 2);  // of the published file
  save_weights(file.path, source.kept, StoredAs::f32);

  EncoderOptions options;
  options.weights = file.path;
  const auto sha256 = sha256_file(file.path);
  options.sha256 = sha256.substr(0, 8);  // as names of published files carry it
  const auto encoder = make_encoder(options);
  const auto& spec = encoder->spec();
  EXPECT_EQ(spec.name, "inception");
  EXPECT_EQ(spec.weights_sha256, sha256);

  const at::Tensor images = at::arange(2 * 3 * 40 * 50).remainder(251).to(at::kByte).view({2, 3, 40, 50});
  const auto found = encoder->evaluate(images);
  const auto wanted = network.forward(preprocess_images(images, options));
  EXPECT_TRUE(at::equal(found.features, wanted.features));
  EXPECT_TRUE(at::equal(found.logits, wanted.logits));
  EXPECT_TRUE(at::equal(found.spatial, wanted.spatial));
  EXPECT_EQ(found.features.sizes(), (at::IntArrayRef{2, spec.width}));
  EXPECT_EQ(found.logits.sizes(), (at::IntArrayRef{2, spec.n_classes}));
  EXPECT_EQ(found.spatial.sizes(), (at::IntArrayRef{2, spec.spatial_width}));
  EXPECT_FALSE(at::equal(found.features[0], found.features[1]));
}

TEST(PublishedEncoders, ThatAreNotThereAreNamedWithTheCommandThatFetchesThem) {
  const test::ScopedVariable folder("ALEA_WEIGHTS", "/nowhere");
  for (const auto& [network, file] :
       {std::pair{"inception", "pt_inception-2015-12-05-6726825d.pth"}, {"vgg16", "vgg16-397923af.pth"}})
    try {
      EncoderOptions options;
      options.network = network;
      make_encoder(options);
      ADD_FAILURE() << network << " was made";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::io);
      EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr(std::string("`scripts/fetch ") + network + "`"),
                                               testing::HasSubstr(std::string("/nowhere/") + file)));
    }
}

TEST(TorchScriptEncoder, NamesTheFileOfAModuleThatFailsOnlyLater) {
  torch::jit::Module module("Choosy");
  module.define(R"(
def forward(self, x):
  assert float(x.max()) <= 0.5, "too bright"
  return x.mean([2, 3])
)");
  const TemporaryFile file("choosy.pt");
  module.save(file.path.string());
  EncoderOptions options;
  options.network = "torchscript";
  options.weights = file.path;
  options.normalise = "unit";
  options.input = 32;
  const auto encoder = make_encoder(options);
  EXPECT_EQ(encoder->evaluate(at::full({1, 3, 8, 8}, 100, at::kByte)).features.size(1), 3);
  try {
    encoder->evaluate(at::full({1, 3, 8, 8}, 200, at::kByte));
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::data);
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr(file.path.string()), testing::HasSubstr("too bright")));
  }
}

}  // namespace
}  // namespace alea
