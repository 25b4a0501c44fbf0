#include "models/flops.h"

#include <ATen/ops/empty.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config.h"
#include "core/files.h"
#include "models/models.h"
#include "models/nn/flop_count.h"
#include "models/nn/layers.h"
#include "tests/support/plugins.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using ::testing::HasSubstr;

const auto kMeta = at::TensorOptions().device(at::kMeta).dtype(at::kFloat);

std::uint64_t counted(const std::function<void()>& call) {
  const nn::FlopCount count;
  call();
  return count.flops();
}

Json named(const char* kind, const std::string& name) { return {{"kind", kind}, {"manifest", name + ".json"}}; }
const Json kAdm64 = named("adm_unet", "networks/adm64");
const Json kUvit256 = named("uvit", "networks/uvit256");
Json latent(const Json& model, int tile = 0) {
  return {{"kind", "latent"}, {"model", model}, {"autoencoder", "networks/autoencoder-kl.json"}, {"tile", tile}};
}
const Json kGuided = {{"kind", "classifier_guidance"}, {"model", kAdm64}, {"classifier", "networks/adm64-classifier.json"}};

ModelFlops flops_of(const Json& config) {
  ConfigErrors errors;
  const Json resolved = model_registry().resolve(config, "", errors);
  errors.throw_if_any("test");
  return count_flops(*make_model(resolved, {.device = at::kMeta}));
}

TEST(FlopCount, OfAConvolutionIsTwiceItsProducts) {
  MetaSource source;
  const nn::Conv2d halving(source, "a", 3, 5, 3, 2, 1), pointwise(source, "b", 3, 5, 1, 1, 0);
  const at::Tensor x = at::empty({2, 3, 8, 10}, kMeta);
  EXPECT_EQ(counted([&] { halving(x); }), 2u * (2 * 5 * 4 * 5) * (3 * 3 * 3));
  EXPECT_EQ(counted([&] { pointwise(x); }), 2u * (2 * 5 * 8 * 10) * 3);
}

TEST(FlopCount, OfALinearLayerAndOfBothProductsOfAttention) {
  MetaSource source;
  const nn::Linear linear(source, "a", 6, 7);
  EXPECT_EQ(counted([&] { linear(at::empty({2, 5, 6}, kMeta)); }), 2u * 2 * 5 * 6 * 7);
  const at::Tensor q = at::empty({2, 3, 5, 4}, kMeta), k = at::empty({2, 3, 9, 4}, kMeta), v = at::empty({2, 3, 9, 6}, kMeta);
  EXPECT_EQ(counted([&] { nn::attend(q, k, v); }), 2u * (2 * 3) * (5 * 9 * 4 + 5 * 9 * 6));
}

TEST(FlopCount, LeavesAloneWhatIsComputed) {
  InitialSource source(1);
  const nn::Linear linear(source, "a", 6, 7);
  EXPECT_EQ(counted([&] { linear(at::empty({2, 6})); }), 0u);
  EXPECT_EQ(test::code_of([] { count_flops(*make_model({{"kind", "toy_gaussian"}})); }), ErrorCode::internal);
}

/// torch's own count on the peers' modules (scripts/fixtures/flops.py).
TEST(ModelFlops, AreThosePeersCount) {
  const Json peers = read_json_file(ALEA_SOURCE_DIR "/tests/fixtures/flops.json");
  const auto expect_equal = [&](std::uint64_t found, const std::string& name) {
    EXPECT_EQ(found, peers.at(name).get<std::uint64_t>()) << name;
  };
  for (const auto& [kind, name] : {std::pair{"ddpm_unet", "ddpm-cifar10-32"}, {"adm_unet", "adm64"}, {"adm_unet", "adm128"}})
    expect_equal(flops_of(named(kind, std::string("networks/") + name)).prediction, name);
  // The fixture's U-ViT decodes its two tokens of time and label too, and drops them.
  for (const auto& [name, patch] : {std::pair{"uvit256", 2u}, {"uvit512", 4u}})
    expect_equal(flops_of(named("uvit", std::string("networks/") + name)).prediction + 2u * 2 * 1152 * (patch * patch * 4), name);
  expect_equal(flops_of(named("ddpm_unet", "embedded/fmnist_denoiser")).prediction, "fmnist_denoiser");
  expect_equal(flops_of(latent(kUvit256)).decoding, "autoencoder-kl.decode.32");
  expect_equal(flops_of(latent(named("uvit", "networks/uvit512"))).decoding, "autoencoder-kl.decode.64");
  // The peer projects all 65 tokens of the pooling attention, of which it keeps one.
  constexpr std::uint64_t kProjectedInVain = 2u * 64 * 512 * 1000;
  expect_equal((flops_of(kGuided).prediction - flops_of(kAdm64).prediction) / 3 + kProjectedInVain, "adm64-classifier");
}

TEST(ModelFlops, OfAWrapperAreThoseOfItsParts) {
  const ModelFlops uvit = flops_of(kUvit256), whole = flops_of(latent(kUvit256));
  EXPECT_EQ(uvit.decoding, 0u);
  EXPECT_EQ(whole.prediction, uvit.prediction);
  EXPECT_GT(flops_of(latent(kUvit256, 24)).decoding, whole.decoding) << "tiles overlap";
  const ModelFlops guided = flops_of({{"kind", "classifier_free"}, {"model", latent(kUvit256)}, {"rescale", 0.5}});
  EXPECT_EQ(guided.prediction, 2 * uvit.prediction);
  EXPECT_EQ(guided.decoding, whole.decoding);
}

TEST(ModelFlops, OfWhatHasNoLayersThatWeKnowAreNoneWithAReason) {
  EXPECT_THAT(flops_of({{"kind", "toy_mixture"}}).why_unknown, HasSubstr("formula"));
  const testing::TemporaryFolder folder;
  const Json manifest = {{"module", "nowhere.pt"}, {"sha256", ""}, {"shape", {1, 4, 4}}, {"schedule", {{"kind", "linear"}}}};
  atomic_write(folder / "net.json", manifest.dump());
  EXPECT_THAT(flops_of({{"kind", "exported"}, {"manifest", (folder / "net.json").string()}}).why_unknown, HasSubstr("exported"));
}

}  // namespace
}  // namespace alea
