#include <gtest/gtest.h>

#include <chrono>

#include "core/big_buffers.h"
#include "models/models.h"
#include "models/nn/adm_unet.h"
#include "models/nn/autoencoder_kl.h"
#include "models/nn/uvit.h"
#include "tests/full_size/peak_memory.h"
#include "tests/full_size/seeded_checkpoint.h"
#include "tests/support/process.h"

namespace alea {
namespace {

/// What a run of the program holds anyway: code read for the first time, tables, the autoencoder's toy.
constexpr std::int64_t kConstant = std::int64_t{32} << 20;

struct Published {
  const char* name;
  Json architecture;
  std::vector<int> shape;  // empty: the autoencoder of a latent model
  std::int64_t n_parameters;
};

void PrintTo(const Published& network, std::ostream* out) { *out << network.name; }

Json adm(const Json& changes) {
  Json architecture = {{"in_channels", 3}, {"out_channels", 6}, {"num_classes", 1000}};
  architecture.update(changes);
  return architecture;
}

const Json kAdm64 = adm({{"model_channels", 192},
                         {"channel_mult", {1, 2, 3, 4}},
                         {"num_res_blocks", 3},
                         {"attention_resolutions", {2, 4, 8}},
                         {"num_head_channels", 64},
                         {"new_attention_order", true}});
const Json kAdm128 = adm({{"model_channels", 256},
                          {"channel_mult", {1, 1, 2, 3, 4}},
                          {"num_res_blocks", 2},
                          {"attention_resolutions", {4, 8, 16}},
                          {"num_heads", 4},
                          {"new_attention_order", false}});

Json uvit(int img_size, int patch_size) { return to_json(nn::UvitOptions{.img_size = img_size, .patch_size = patch_size}); }

WeightMap shapes_of(const Published& network) {
  MetaSource source;
  ConfigErrors errors;
  if (network.shape.empty())
    nn::AutoencoderKl(source, read_options<nn::AutoencoderOptions>(network.architecture, "", errors));
  else if (network.shape[0] == 4)
    nn::Uvit(source, read_options<nn::UvitOptions>(network.architecture, "", errors));
  else
    nn::AdmUnet(source, read_options<nn::AdmUnetOptions>(network.architecture, "", errors));
  errors.throw_if_any(network.name);
  return source.made();
}

class FullSizeFiles : public ::testing::TestWithParam<std::tuple<Published, const char*>> {
 protected:
  const Published& network() const { return std::get<0>(GetParam()); }

  /// Writes a file and its manifest; returns the bytes of the weights.
  std::uint64_t write() const {
    const std::string file = std::string("weights.") + std::get<1>(GetParam());
    const test::SeededTensors tensors(shapes_of(network()));
    if (std::get<1>(GetParam()) == std::string("safetensors"))
      write_safetensors(folder_ / file, tensors.spans());
    else
      test::write_torch_archive(folder_ / file, tensors.spans());
    Json manifest = {{"architecture", network().architecture}, {"weights", file}, {"sha256", sha256_file(folder_ / file)}};
    if (!network().shape.empty()) manifest.update({{"shape", network().shape}, {"schedule", {{"kind", "linear"}}}});
    atomic_write(folder_ / "manifest.json", manifest.dump());
    return tensors.n_bytes();
  }

  Json model() const {
    const std::string manifest = (folder_ / "manifest.json").string();
    if (!network().shape.empty()) return {{"kind", network().shape[0] == 4 ? "uvit" : "adm_unet"}, {"manifest", manifest}};
    const Json latents = {{"kind", "toy_gaussian"}, {"channels", 4}, {"height", 8}, {"width", 8}, {"std", 0.5}};
    return {{"kind", "latent"}, {"model", latents}, {"autoencoder", manifest}, {"tile", 0}, {"overlap", 16}};
  }

 private:
  testing::TemporaryFolder folder_;
};

TEST_P(FullSizeFiles, LoadingTakesTheWeightsAndATenth) {
  if (std::getenv("ALEA_FULL_SIZE") == nullptr) GTEST_SKIP() << "writes and loads a file of up to 2 GB: set ALEA_FULL_SIZE=1";
  keep_big_buffers();  // as the program does
  const auto n_bytes = static_cast<double>(write());
  const test::PeakMemory memory;
  const auto start = std::chrono::steady_clock::now();
  const auto loaded = make_model(model());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const auto peak = static_cast<double>(memory.bytes());
  std::printf("%s %s: %.0f MB of weights, loaded in %.1f s, peak %.0f MB more than before (%.3f of the weights)\n",
              network().name, std::get<1>(GetParam()), n_bytes / 1e6, seconds.count(), peak / 1e6, peak / n_bytes);
  EXPECT_EQ(n_bytes, 4.0 * static_cast<double>(network().n_parameters));
  if (!network().shape.empty()) {
    EXPECT_EQ(loaded->spec().n_parameters, network().n_parameters);
  }
  EXPECT_LE(peak, 1.1 * n_bytes + kConstant);
  EXPECT_GE(peak, 0.9 * n_bytes) << "the measurement misses the weights";
}

INSTANTIATE_TEST_SUITE_P(Networks, FullSizeFiles,
                         ::testing::Combine(::testing::Values(Published{"adm64", kAdm64, {3, 64, 64}, 295904454},
                                                              Published{"adm128", kAdm128, {3, 128, 128}, 421529606},
                                                              Published{"uvit_h2", uvit(32, 2), {4, 32, 32}, 500832016},
                                                              Published{"uvit_h4", uvit(64, 4), {4, 64, 64}, 500942656},
                                                              Published{"autoencoder_kl", Json::object(), {}, 83653863}),
                                            ::testing::Values("safetensors", "pth")),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param).name) + "_" + std::get<1>(info.param);
                         });

}  // namespace
}  // namespace alea
