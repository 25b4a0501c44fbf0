#include "protocols/components.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/files.h"

namespace alea {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

const Json kModel = {{"kind", "toy_gaussian"}};
const Json kSampler = {{"kind", "ddim"}, {"steps", 50}};

Components components_of(const Json& estimators) {
  ConfigErrors errors;
  Components components = resolve_components(kModel, kSampler, estimators, 1, errors);
  EXPECT_TRUE(errors.empty());
  return components;
}

TEST(Components, CountTwentyExtraEvaluationsForThePaperPreset) {
  const Components c = components_of({{{"kind", "aleatoric"}}});
  EXPECT_EQ(c.n_steps, 50);
  EXPECT_EQ(c.base_nfe, 50);
  EXPECT_EQ(c.extra_nfe, 20);
  EXPECT_EQ(c.total_nfe(), 70);
  EXPECT_THAT(c.estimator_infos.at(0).window, ElementsAre(45, 46, 47, 48));
}

TEST(Components, AddTheCostOfAllEstimators) {
  const Components c = components_of({{{"kind", "random"}}, {{"kind", "aleatoric"}, {"passes", 2}}, {{"kind", "eps_energy"}}});
  EXPECT_EQ(c.extra_nfe, 8);
  EXPECT_THAT(c.statistics(), ElementsAre("random.score", "aleatoric.variance", "aleatoric.centred", "free.eps_energy"));
}

TEST(Components, FillInDefaults) {
  const Components c = components_of({{{"kind", "aleatoric"}}});
  EXPECT_EQ(c.model.at("kind"), "toy_gaussian");
  EXPECT_EQ(c.sampler.at("final_alpha"), "one");
  EXPECT_EQ(c.estimators.at(0).at("passes"), 5);
}

TEST(Components, ReportEveryUnsoundPartByItsPointer) {
  ConfigErrors errors;
  resolve_components({{"kind", "toy_gausian"}}, kSampler, {{{"kind", "aleatoric"}, {"last_index", 50}}, {{"kind", 3}}}, 1,
                     errors);
  std::vector<std::string> pointers;
  for (const auto& item : errors.items()) pointers.push_back(item.first);
  EXPECT_THAT(pointers, ElementsAre("/model/kind", "/estimators/0", "/estimators/1"));
}

std::vector<std::pair<std::string, std::string>> problems_with(const Json& model, const Json& estimators,
                                                               const Json& sampler = kSampler) {
  ConfigErrors errors;
  resolve_components(model, sampler, estimators, 1, errors);
  return errors.items();
}

const Json kEmbedded = {{"kind", "ddpm_unet"}, {"manifest", "embedded/fmnist_denoiser.json"}};

TEST(Components, HoldEstimatorsAgainstTheModelsManifestWithoutItsWeights) {
  const fs::path folder = fs::temp_directory_path() / fmt::format("alea_components_{}", ::getpid());
  fs::create_directories(folder);
  Json manifest = read_json_file(fs::path(ALEA_SOURCE_DIR) / "data/embedded/fmnist_denoiser.json");
  manifest["weights"] = "nowhere.safetensors";
  const auto model_with = [&](double p) {
    manifest["train_dropout"] = p;
    atomic_write(folder / "model.json", manifest.dump());
    return Json{{"kind", "ddpm_unet"}, {"manifest", (folder / "model.json").string()}};
  };
  const Json dropout = {{{"kind", "random"}}, {{"kind", "mc_dropout"}}};
  EXPECT_THAT(problems_with(model_with(0.1), dropout), IsEmpty());
  EXPECT_THAT(problems_with(model_with(0), dropout),
              ElementsAre(Pair("/estimators/1", AllOf(HasSubstr("trained without dropout"), HasSubstr("\"force\": true")))));
  EXPECT_THAT(problems_with(model_with(0.1), {{{"kind", "feature_noise"}, {"blocks", {"nowhere"}}}}),
              ElementsAre(Pair("/estimators/0", HasSubstr("nowhere"))));
  manifest["architecture"]["norm_groups"] = 7;
  EXPECT_THAT(problems_with(model_with(0.1), dropout), ElementsAre(Pair("/model", HasSubstr("norm groups"))));
  fs::remove_all(folder);
}

TEST(Components, RefuseDropoutOfAModelThatCannotSwitchItOn) {
  const fs::path manifest = fs::temp_directory_path() / fmt::format("alea_packaged_{}.json", ::getpid());
  const Json packaged = {
      {"module", "nowhere.pt"}, {"sha256", std::string(64, '0')}, {"shape", {1, 4, 4}}, {"schedule", {{"kind", "linear"}}}};
  atomic_write(manifest, packaged.dump());
  const Json dropout = {{{"kind", "mc_dropout"}, {"p", 0.5}, {"force", true}}};
  EXPECT_THAT(problems_with({{"kind", "exported"}, {"manifest", manifest.string()}}, dropout),
              ElementsAre(Pair("/estimators/0", HasSubstr("exported has no dropout"))));
  EXPECT_THAT(problems_with({{"kind", "toy_mixture"}}, dropout), ElementsAre(Pair("/estimators/0", HasSubstr("no dropout"))));
  fs::remove(manifest);
}

TEST(Components, RefuseAWindowOutsideTheSamplersSteps) {
  for (const char* kind : {"aleatoric", "eps_energy", "flip", "mc_dropout", "feature_noise"})
    EXPECT_THAT(problems_with(kEmbedded, {{{"kind", kind}, {"last_index", 50}}}),
                ElementsAre(Pair("/estimators/0", HasSubstr("0..49"))))
        << kind;
}

TEST(Components, LeaveAManifestThatIsNotThereToTheLoader) {
  EXPECT_THAT(problems_with({{"kind", "ddpm_unet"}, {"manifest", "nowhere.json"}}, {{{"kind", "mc_dropout"}}}), IsEmpty());
}

TEST(Components, HandOnWhereAnEstimatorLeavesItsMethod) {
  ConfigErrors errors;
  const Components c =
      resolve_components(kEmbedded, kSampler, {{{"kind", "mc_dropout"}, {"p", 0.5}}, {{"kind", "random"}}}, 1, errors);
  ASSERT_TRUE(errors.empty());
  EXPECT_THAT(c.estimator_infos.at(0).departures, ElementsAre(HasSubstr("p = 0.5")));
  EXPECT_THAT(c.estimator_infos.at(1).departures, IsEmpty());
}

const Json kBayesDiff = {{"kind", "bayesdiff"}, {"laplace", "embedded/fmnist_laplace.safetensors"}};

TEST(Components, CountBayesDiffsDrawsAndKeepTheHashOfItsFit) {
  const Components c = components_of({kBayesDiff, {{"kind", "generative"}, {"laplace", kBayesDiff["laplace"]}}});
  EXPECT_EQ(c.estimator_infos.at(0).extra_nfe, 90);
  EXPECT_EQ(c.estimator_infos.at(1).extra_nfe, 250);
  EXPECT_EQ(c.estimators.at(0).at("laplace_sha256").get<std::string>().size(), 64u);
}

TEST(Components, RefuseBayesDiffWhereItsMomentsCanNotBeHad) {
  const fs::path manifest = fs::temp_directory_path() / fmt::format("alea_packaged_{}.json", ::getpid());
  const Json packaged = {
      {"module", "nowhere.pt"}, {"sha256", std::string(64, '0')}, {"shape", {1, 4, 4}}, {"schedule", {{"kind", "linear"}}}};
  atomic_write(manifest, packaged.dump());
  EXPECT_THAT(problems_with({{"kind", "exported"}, {"manifest", manifest.string()}}, Json::array({kBayesDiff})),
              ElementsAre(Pair("/estimators/0", StartsWith("exported doesn't say a last layer"))));
  fs::remove(manifest);
  for (const Json& sampler : {Json{{"kind", "heun"}}, Json{{"kind", "ddim"}, {"eta", 1}}})
    EXPECT_THAT(problems_with(kModel, Json::array({kBayesDiff}), sampler),
                ElementsAre(Pair("/estimators/0", StartsWith("bayesdiff needs a sampler"))));
}

TEST(Components, NeedAtLeastOneEstimator) {
  ConfigErrors errors;
  resolve_components(kModel, kSampler, Json::array(), 1, errors);
  ASSERT_EQ(errors.items().size(), 1u);
  EXPECT_EQ(errors.items()[0].first, "/estimators");
}

}  // namespace
}  // namespace alea
