#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "core/share.h"
#include "models/models.h"
#include "models/nn/adm_classifier.h"
#include "models/nn/adm_unet.h"
#include "models/nn/autoencoder_kl.h"
#include "models/nn/unet.h"
#include "models/nn/uvit.h"
#include "tests/support/environment.h"
#include "tests/support/process.h"

/// data/networks against what is known of the published files: names and shapes of their parameters, schedules, dropout.

namespace alea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string manifest_path(const std::string& name) { return (share_folder() / "networks" / (name + ".json")).string(); }

/// "name [2, 3]", sorted; of a list of fixtures the words beyond are left out.
std::vector<std::string> keys_of(const MetaSource& source) {
  std::vector<std::string> keys;
  for (const auto& [name, tensor] : source.made()) keys.push_back(fmt::format("{} [{}]", name, fmt::join(tensor.sizes(), ", ")));
  std::ranges::sort(keys);
  return keys;
}

std::vector<std::string> published_keys(const std::string& name) {
  std::vector<std::string> keys;
  std::ifstream file(ALEA_SOURCE_DIR "/tests/fixtures/" + name + "_keys.txt");
  for (std::string line; std::getline(file, line);) keys.push_back(line.substr(0, line.find(']') + 1));
  std::ranges::sort(keys);
  return keys;
}

/// The network that a manifest describes, on the meta device.
template <class Network, class Options, class Manifest = DenoiserManifest>
std::vector<std::string> keys_of_manifest(const std::string& name) {
  ConfigErrors errors;
  const auto manifest = read_options<Manifest>(read_json_file(manifest_path(name)), "", errors);
  const auto options = read_options<Options>(manifest.architecture, "/architecture", errors);
  errors.throw_if_any(name);
  MetaSource source;
  const Network network(source, options);
  return keys_of(source);
}

template <class Network, class Options>
std::size_t n_sites(const std::string& name) {
  MetaSource source;
  return Network(source, read_part<Options>(read_denoiser_manifest(manifest_path(name)).architecture, "", name))
      .dropout_sites()
      .size();
}

TEST(PublishedNetworks, HaveTheParametersOfTheirFiles) {
  using Classifier = nn::AdmClassifierOptions;
  EXPECT_EQ((keys_of_manifest<nn::AdmUnet, nn::AdmUnetOptions>("adm64")), published_keys("adm64"));
  EXPECT_EQ((keys_of_manifest<nn::AdmUnet, nn::AdmUnetOptions>("adm128")), published_keys("adm128"));
  EXPECT_EQ((keys_of_manifest<nn::AdmClassifier, Classifier, NetworkManifest>("adm64-classifier")),
            published_keys("adm64_classifier"));
  EXPECT_EQ((keys_of_manifest<nn::AdmClassifier, Classifier, NetworkManifest>("adm128-classifier")),
            published_keys("adm128_classifier"));
  EXPECT_EQ((keys_of_manifest<nn::Uvit, nn::UvitOptions>("uvit256")), published_keys("uvit_h2"));
  EXPECT_EQ((keys_of_manifest<nn::Uvit, nn::UvitOptions>("uvit512")), published_keys("uvit_h4"));
  EXPECT_EQ((keys_of_manifest<nn::AutoencoderKl, nn::AutoencoderOptions, NetworkManifest>("autoencoder-kl")),
            published_keys("autoencoder_kl"));
  EXPECT_EQ((keys_of_manifest<nn::Unet, nn::UnetOptions>("ddpm-cifar10-32")), published_keys("ddpm_cifar10"));
}

/// alpha_bar by time, from the defining formulas (float64).
TEST(PublishedNetworks, HaveTheSchedulesOfTheirTraining) {
  const auto alpha_bar = [](const std::string& name, double t) {
    return NoiseSchedule(*outline_of_manifest(manifest_path(name)).schedule).alpha_bar({t});
  };
  EXPECT_NEAR(alpha_bar("adm64", 500), 0.49228517244880304, 1e-12);
  EXPECT_NEAR(alpha_bar("adm128", 500), 0.07779665836502389, 1e-12);
  EXPECT_NEAR(alpha_bar("ddpm-cifar10-32", 500), 0.07779665836502389, 1e-7);
  for (const char* name : {"uvit256", "uvit512"}) EXPECT_NEAR(alpha_bar(name, 500), 0.2763326838229747, 1e-12);
}

TEST(PublishedNetworks, SayHowTheyWereTrained) {
  const auto of = [](const char* name) { return read_denoiser_manifest(manifest_path(name)); };
  EXPECT_EQ(of("adm64").train_dropout, 0.1);
  EXPECT_EQ((n_sites<nn::AdmUnet, nn::AdmUnetOptions>("adm64")), 36u);
  EXPECT_EQ(of("adm128").train_dropout, 0);
  EXPECT_EQ(of("ddpm-cifar10-32").train_dropout, 0.1);
  EXPECT_EQ(of("ddpm-cifar10-32").train_dropout_sites, "resnets");
  for (const char* name : {"uvit256", "uvit512"}) {
    EXPECT_EQ(of(name).label_offset, 1);
    EXPECT_EQ(of(name).null_label, 1000);
  }
}

TEST(PublishedNetworks, AllFilesOfAModelThatAreMissingAreNamedAtOnceWithoutLoadingAny) {
  const testing::TemporaryFolder empty;
  const test::ScopedVariable weights("ALEA_WEIGHTS", empty.path().string());
  const Json latent = {{"kind", "latent"},
                       {"model", {{"kind", "uvit"}, {"manifest", "networks/uvit256.json"}}},
                       {"autoencoder", "networks/autoencoder-kl.json"}};
  EXPECT_THAT(outline_of(latent).missing,
              ElementsAre(HasSubstr("`scripts/fetch uvit256`"), HasSubstr("`scripts/fetch autoencoder-kl`")));
  const Json guided = {{"kind", "classifier_guidance"},
                       {"model", {{"kind", "adm_unet"}, {"manifest", "networks/adm64.json"}}},
                       {"classifier", "networks/adm64-classifier.json"}};
  const ModelOutline outline = outline_of(guided);
  EXPECT_THAT(outline.missing, ElementsAre(HasSubstr("`scripts/fetch adm64`"), HasSubstr("`scripts/fetch adm64-classifier`")));
  EXPECT_EQ(outline.forwards, 4);
  EXPECT_EQ(outline.schedule->kind, "cosine");
  EXPECT_EQ(outline_of({{"kind", "classifier_free"}, {"model", latent}}).forwards, 2);
  EXPECT_EQ(outline_of({{"kind", "adm_unet"}, {"manifest", "nowhere.json"}}).schedule, std::nullopt);
}

}  // namespace
}  // namespace alea
