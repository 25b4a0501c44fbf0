#include <gtest/gtest.h>
#include <unistd.h>

#include "core/files.h"
#include "models/models.h"
#include "tests/support/plugins.h"

namespace alea {
namespace {

const fs::path kEmbedded = fs::path(ALEA_SOURCE_DIR) / "data/embedded/fmnist_denoiser.json";

Json config_of(const fs::path& manifest) { return {{"kind", "ddpm_unet"}, {"manifest", manifest.string()}}; }

TEST(DescribedModel, SaysOfItselfWhatTheLoadedOneSays) {
  const auto loaded = make_model(config_of(kEmbedded)), described = make_model(config_of(kEmbedded), {.device = at::kMeta});
  const DenoiserSpec &a = loaded->spec(), &b = described->spec();
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.shape, b.shape);
  EXPECT_EQ(a.codec, b.codec);
  EXPECT_EQ(a.n_parameters, b.n_parameters);
  EXPECT_EQ(a.weights_sha256, b.weights_sha256);
  EXPECT_EQ(a.dropout_sites, b.dropout_sites);
  EXPECT_GT(b.train_dropout, 0);
  EXPECT_EQ(a.train_dropout, b.train_dropout);
  EXPECT_EQ(a.train_attention_dropout, b.train_attention_dropout);
  EXPECT_EQ(loaded->schedule().alpha_bar({500}), described->schedule().alpha_bar({500}));
}

class ManifestElsewhere : public testing::Test {
 protected:
  ManifestElsewhere() { manifest_["weights"] = "nowhere.safetensors"; }
  ~ManifestElsewhere() override { fs::remove(path_); }
  Json write() {
    atomic_write(path_, manifest_.dump());
    return config_of(path_);
  }
  fs::path path_ = fs::temp_directory_path() / fmt::format("alea_described_{}.json", ::getpid());
  Json manifest_ = read_json_file(kEmbedded);
};

TEST_F(ManifestElsewhere, NeedsNoWeights) {
  EXPECT_EQ(test::code_of([&] { make_model(write()); }), ErrorCode::io);
  EXPECT_GT(make_model(write(), {.device = at::kMeta})->spec().n_parameters, 2'000'000);
}

TEST_F(ManifestElsewhere, SaysWhetherAttentionWasTrainedWithDropout) {
  for (const auto& [sites, all] : {std::pair{"all", true}, {"resnets", false}}) {
    manifest_["train_dropout_sites"] = sites;
    EXPECT_EQ(make_model(write(), {.device = at::kMeta})->spec().train_attention_dropout, all);
  }
}

TEST_F(ManifestElsewhere, WithAWrongArchitectureIsStillAnError) {
  manifest_["architecture"]["norm_groups"] = 7;
  EXPECT_EQ(test::code_of([&] { make_model(write(), {.device = at::kMeta}); }), ErrorCode::config);
}

}  // namespace
}  // namespace alea
