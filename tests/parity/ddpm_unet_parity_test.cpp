#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "formats/safetensors.h"
#include "models/nn/unet.h"

namespace alea {
namespace {

nn::UnetOptions c1() {
  return {.in_channels = 3, .out_channels = 3, .block_channels = {32, 64}, .attention = {false, true}, .layers_per_block = 1};
}

nn::UnetOptions c2() {
  return {.in_channels = 3,
          .out_channels = 3,
          .block_channels = {32, 64},
          .attention = {true, false},
          .layers_per_block = 2,
          .norm_groups = 16,
          .attention_head_width = 8,
          .symmetric_downsample = true,
          .cos_first = true,
          .frequency_shift = 0};
}

nn::UnetOptions embedded() {
  return {.in_channels = 4,
          .out_channels = 4,
          .block_channels = {64, 128},
          .attention = {false, true},
          .layers_per_block = 1,
          .norm_groups = 8};
}

at::Tensor tensor_of(const SafetensorsFile& file, const std::string& name) {
  const auto& span = file.tensors().at(name);
  const auto type = span.dtype == DType::f64 ? at::kDouble : at::kFloat;
  return at::from_blob(const_cast<std::byte*>(span.bytes.data()), span.shape, at::TensorOptions().dtype(type)).clone();
}

struct Case {
  const char* name;
  nn::UnetOptions options;
  std::int64_t n_parameters;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class DdpmUnetParity : public testing::TestWithParam<Case> {};

/// The peer is diffusers' UNet2DModel with the same weights; the truth is the peer in float64.
void expect_parity(const nn::Unet& unet, const SafetensorsFile& file) {
  const auto exact = tensor_of(file, "output");
  const double rms = exact.pow(2).mean().sqrt().item<double>();
  ASSERT_GT(rms, 0.1);
  ASSERT_LT(rms, 10);
  const Mode plain = PlainMode{};
  const auto output = unet.forward(tensor_of(file, "x"), tensor_of(file, "t"), nn::DropoutSites(plain, {}));
  const double error = (output.to(at::kDouble) - exact).abs().max().item<double>();
  const double peer = tensor_of(file, "peer_error").item<double>();
  EXPECT_LE(error, std::max(2 * peer, 2.5e-5 * rms)) << "the peer's own float32 error is " << peer;
}

TEST_P(DdpmUnetParity, AgreesWithThePeerInFloat64WhenSampling) {
  const SafetensorsFile file(std::string(ALEA_SOURCE_DIR "/tests/fixtures/ddpm_unet_") + GetParam().name + ".safetensors");
  const c10::InferenceMode inference;
  HashedSource source;
  expect_parity(nn::Unet(source, GetParam().options), file);
}

TEST_P(DdpmUnetParity, AgreesWithThePeerInFloat64WhenTraining) {
  const SafetensorsFile file(std::string(ALEA_SOURCE_DIR "/tests/fixtures/ddpm_unet_") + GetParam().name + ".safetensors");
  InitialSource names(0);
  nn::Unet(names, GetParam().options);
  HashedSource hashed;
  WeightMap leaves;
  for (const auto& [name, tensor] : names.made()) {
    const bool norm = name.find("norm") != std::string::npos, bias = name.ends_with("bias");
    const auto role = bias ? (norm ? ParameterRole::norm_shift : ParameterRole::bias)
                           : (norm ? ParameterRole::norm_scale : ParameterRole::matrix);
    leaves[name] = hashed.take(name, tensor.sizes(), role).requires_grad_(true);
  }
  MapSource source(leaves, "leaves");
  expect_parity(nn::Unet(source, GetParam().options), file);
}

TEST_P(DdpmUnetParity, RunsOnTheMetaDeviceWithTheRightShape) {
  MetaSource source;
  const nn::Unet unet(source, GetParam().options);
  EXPECT_EQ(count_parameters(source.made()), GetParam().n_parameters);
  const auto meta = at::TensorOptions().device(at::kMeta).dtype(at::kFloat);
  const Ids ids{7, 8};
  const Mode mode = DropoutMode{.p = 0.5, .attention_sites = true};
  const auto x = at::empty({2, GetParam().options.in_channels, 16, 16}, meta);
  const auto output = unet.forward(x, at::empty({2}, meta), nn::DropoutSites(mode, ids));
  EXPECT_TRUE(output.is_meta());
  EXPECT_EQ(output.sizes(), x.sizes());
}

INSTANTIATE_TEST_SUITE_P(Configs, DdpmUnetParity,
                         testing::Values(Case{"c1", c1(), 702499}, Case{"c2", c2(), 940483},
                                         Case{"embedded", embedded(), 2796740}),
                         [](const auto& info) { return info.param.name; });

TEST(DdpmUnetKeys, AreThoseOfThePublishedCifar10Network) {
  MetaSource source;
  const nn::Unet unet(source, {});
  std::vector<std::string> keys;
  for (const auto& [name, tensor] : source.made()) {
    std::ostringstream line;
    line << name << " [";
    for (std::int64_t i = 0; i < tensor.dim(); ++i) line << (i ? ", " : "") << tensor.size(i);
    keys.push_back(line.str() + "]");
  }
  std::vector<std::string> published;
  std::ifstream file(ALEA_SOURCE_DIR "/tests/fixtures/ddpm_cifar10_keys.txt");
  for (std::string line; std::getline(file, line);) published.push_back(line);
  std::sort(keys.begin(), keys.end());
  std::sort(published.begin(), published.end());
  EXPECT_EQ(keys, published);
  EXPECT_EQ(count_parameters(source.made()), 35746307);
  EXPECT_EQ(unet.dropout_sites().size(), 28u);
}

}  // namespace
}  // namespace alea
