#include "models/weights_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "models/models.h"
#include "models/nn/adm_unet.h"
#include "tests/support/environment.h"
#include "tests/support/plugins.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A folder of weights and a manifest of a small network that claims to be the published adm64.
class PublishedWeights : public ::testing::Test {
 protected:
  PublishedWeights() {
    const Json architecture = to_json(options_);
    const Json manifest = {{"architecture", architecture},
                           {"schedule", {{"kind", "cosine"}}},
                           {"shape", {3, 8, 8}},
                           {"published", "adm64"},
                           {"weights", "64x64_diffusion.pt"}};
    write(manifest);
  }
  void write(const Json& manifest) const { atomic_write(folder_ / "adm.json", manifest.dump()); }
  void change(const Json& changes) const {
    Json manifest = read_json_file(folder_ / "adm.json");
    manifest.merge_patch(changes);
    write(manifest);
  }
  Json model() const { return {{"kind", "adm_unet"}, {"manifest", (folder_ / "adm.json").string()}}; }
  fs::path put_weights() const {
    InitialSource weights(1);
    const nn::AdmUnet made(weights, options_);
    save_weights(folder_ / "64x64_diffusion.pt", weights.made(), StoredAs::f16);
    return folder_ / "64x64_diffusion.pt";
  }
  void note(const std::string& line) const { atomic_write(folder_ / "64x64_diffusion.pt.sha256", line); }
  std::string message() const {
    try {
      make_model(model());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  const nn::AdmUnetOptions options_{.model_channels = 32,
                                    .channel_mult = {1},
                                    .num_res_blocks = 1,
                                    .attention_resolutions = {},
                                    .num_heads = 1,
                                    .num_classes = 2};
  testing::TemporaryFolder folder_;
  const test::ScopedVariable weights_{"ALEA_WEIGHTS", folder_.path().string()};
};

TEST_F(PublishedWeights, ThatAreNotThereAreNamedWithTheCommandThatFetchesThem) {
  EXPECT_THAT(message(), AllOf(HasSubstr("64x64_diffusion.pt isn't in " + folder_.path().string()),
                               HasSubstr("`scripts/fetch adm64`"), HasSubstr("1.18 GB")));
  EXPECT_EQ(test::code_of([&] { make_model(model()); }), ErrorCode::io);
}

TEST_F(PublishedWeights, HoldTheHashOfTheFirstFetch) {
  const fs::path path = put_weights();
  EXPECT_THAT(message(), AllOf(HasSubstr("64x64_diffusion.pt.sha256"), HasSubstr("`scripts/fetch adm64` notes")));
  note(sha256_file(path) + "  64x64_diffusion.pt\n");
  EXPECT_EQ(make_model(model())->spec().weights_sha256, sha256_file(path));
  const std::string other(64, '0');
  note(other + "  64x64_diffusion.pt\n");
  EXPECT_THAT(message(), AllOf(HasSubstr(other), HasSubstr(sha256_file(path))));
  note("nothing of the kind");
  EXPECT_EQ(test::code_of([&] { make_model(model()); }), ErrorCode::data);
}

TEST_F(PublishedWeights, AHashInTheManifestIsTheOneThatCounts) {
  const std::string sha256 = sha256_file(put_weights());
  note(std::string(64, '0') + "  64x64_diffusion.pt\n");
  change({{"sha256", sha256}});
  EXPECT_EQ(make_model(model())->spec().weights_sha256, sha256);
  change({{"sha256", std::string(64, '1')}});
  EXPECT_EQ(test::code_of([&] { make_model(model()); }), ErrorCode::data);
}

TEST_F(PublishedWeights, MustBeKnownToScriptsFetch) {
  change({{"published", "adm65"}});
  EXPECT_THAT(message(), AllOf(HasSubstr("/published"), HasSubstr("scripts/fetch --list")));
  change({{"published", "adm64"}, {"weights", "other.pt"}});
  EXPECT_THAT(message(), AllOf(HasSubstr("/weights"), HasSubstr("other.pt")));
}

TEST_F(PublishedWeights, OfOnesOwnNeedAHash) {
  change({{"published", nullptr}});
  put_weights();
  EXPECT_THAT(message(), AllOf(HasSubstr("/sha256"), HasSubstr("sha256sum 64x64_diffusion.pt")));
}

TEST_F(PublishedWeights, LabelConventionsOfOtherNetworksAreRefusedByName) {
  note(sha256_file(put_weights()) + "  64x64_diffusion.pt\n");
  for (const char* kind : {"adm_unet", "ddpm_unet"}) {
    const Json named = {{"kind", kind}, {"manifest", (folder_ / "adm.json").string()}};
    const auto refused = [&] {
      try {
        make_model(named);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::config);
        return std::string(error.what());
      }
      return std::string();
    };
    change({{"label_offset", 1}, {"null_label", nullptr}});
    EXPECT_THAT(refused(), AllOf(HasSubstr("/label_offset"), HasSubstr(kind)));
    change({{"label_offset", 0}, {"null_label", 1}});
    EXPECT_THAT(refused(), AllOf(HasSubstr("/null_label"), HasSubstr(kind)));
  }
}

TEST(WeightsFolder, IsTheOneOfScriptsFetch) {
  {
    const test::ScopedVariable weights("ALEA_WEIGHTS", "/w"), data("XDG_DATA_HOME", "/x");
    EXPECT_EQ(weights_folder(), "/w");
  }
  const test::ScopedVariable weights("ALEA_WEIGHTS", ""), home("HOME", "/h");
  {
    const test::ScopedVariable data("XDG_DATA_HOME", "/x");
    EXPECT_EQ(weights_folder(), "/x/alea/weights");
  }
  const test::ScopedVariable data("XDG_DATA_HOME", "");
  EXPECT_EQ(weights_folder(), "/h/.local/share/alea/weights");
}

}  // namespace
}  // namespace alea
