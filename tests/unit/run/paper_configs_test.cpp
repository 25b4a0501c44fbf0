#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "../results/json_schema.h"
#include "core/config_extends.h"
#include "core/files.h"
#include "models/models.h"
#include "protocols/filtering.h"
#include "samplers/paper_start.h"
#include "tests/support/environment.h"
#include "tests/support/process.h"

/// protocols/configs/paper, as far as it goes without the published weights.

namespace alea {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const fs::path kFolder = fs::path(ALEA_SOURCE_DIR) / "protocols/configs/paper";

class PaperConfigs : public ::testing::TestWithParam<std::string> {
 protected:
  Json config() const { return read_config_file(kFolder / (GetParam() + ".json")); }
  const testing::TemporaryFolder empty_;
  const test::ScopedVariable weights_{"ALEA_WEIGHTS", empty_.path().string()};
};

TEST_P(PaperConfigs, ResolveAndFitTheSchema) {
  const Json schema = read_json_file(fs::path(ALEA_SOURCE_DIR) / "protocols/schema/filtering.schema.json");
  const ResolvedConfig resolved = resolve_config(config(), GetParam());
  EXPECT_EQ(schema_problems(schema, config()), "");
  EXPECT_EQ(schema_problems(schema, resolved.config), "");
  EXPECT_EQ(resolved.config.at("name"), GetParam());
}

TEST_P(PaperConfigs, AreTheProtocolOfThePaper) {
  const Plan plan = resolve_config(config(), GetParam()).protocol->plan();
  EXPECT_EQ(plan.n_samples, 60000u);
  ConfigErrors errors;
  const Components c = resolve_components(plan.model, plan.sampler, plan.estimators, plan.seed, errors);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(c.n_steps, 50);
  EXPECT_EQ(c.base_nfe, 50);
  const bool has_dropout = GetParam() == "imagenet64.adm" || GetParam() == "cifar10.ddpm";  // the rows with MC-Dropout
  EXPECT_EQ(c.extra_nfe, has_dropout ? 20 + 50 : 20);
  EXPECT_EQ(c.sampler.at("kind"), GetParam().ends_with("2dpm") ? "dpmpp_2m" : "ddim");
  const FilteringOptions options = read_part<FilteringOptions>(
      [&] {
        Json rest = config();
        rest.erase("protocol");
        return rest;
      }(),
      "", GetParam());
  EXPECT_EQ(options.keep, 50000u);
  const auto departures = filtering_departures(options, c);
  for (const char* word : {"The model", "The sampler", "M is", "The window", "are generated", "not of Inception"})
    EXPECT_THAT(departures, Not(Contains(HasSubstr(word))));
}

TEST_P(PaperConfigs, StartFromThePapersPointsForTheirNetwork) {
  const Plan plan = resolve_config(config(), GetParam()).protocol->plan();
  const PaperDataset& set = paper_dataset(plan.start);
  const Json& model = plan.model.contains("model") ? plan.model["model"] : plan.model;
  const auto manifest = read_denoiser_manifest(find_data_file(model.at("manifest")));
  EXPECT_EQ(shape_of(manifest, GetParam()), set.shape);
  EXPECT_LT(plan.n_samples, set.n);
}

TEST_P(PaperConfigs, SayWhichWeightsAreMissingAndHowToFetchThem) {
  const Plan plan = resolve_config(config(), GetParam()).protocol->plan();
  const auto missing = outline_of(plan.model).missing;
  EXPECT_THAT(missing, Not(IsEmpty()));
  for (const auto& why : missing) EXPECT_THAT(why, HasSubstr("`scripts/fetch "));
}

INSTANTIATE_TEST_SUITE_P(Table1, PaperConfigs,
                         ::testing::Values("cifar10.ddpm", "imagenet64.adm", "imagenet128.adm", "imagenet128.adm.2dpm",
                                           "imagenet256.uvit", "imagenet512.uvit"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(PaperConfigFolder, HoldsTheRowsOfAllTablesAndFigures3And11) {
  std::map<std::string, int> found;
  for (const auto& entry : fs::directory_iterator(kFolder)) ++found[read_config_file(entry.path()).at("protocol")];
  EXPECT_EQ(found, (std::map<std::string, int>{
                       {"filtering", 6}, {"guidance", 5}, {"reconstruction", 1}, {"cost", 6}, {"stepwise", 2}, {"sweep", 3}}));
}

TEST(PaperConfigFolder, GuidanceIsThatOfTable3) {
  for (const char* system : {"imagenet64.adm", "imagenet128.adm", "cifar10.ddpm", "imagenet256.uvit", "imagenet512.uvit"}) {
    const Plan plan =
        resolve_config(read_config_file(kFolder / fmt::format("guidance.{}.json", system)), system).protocol->plan();
    const Plan filtering = resolve_config(read_config_file(kFolder / fmt::format("{}.json", system)), system).protocol->plan();
    EXPECT_EQ(plan.n_samples, 10000u);
    EXPECT_TRUE(plan.unguided_arm);
    EXPECT_EQ(plan.guide.at("lambda"), 1);
    EXPECT_EQ(plan.guide.at("quantile"), 0.95);
    EXPECT_EQ(plan.guide.at("passes"), 5);
    EXPECT_EQ(plan.model, filtering.model);
    EXPECT_EQ(plan.sampler, filtering.sampler);
    EXPECT_EQ(plan.start, filtering.start);
    EXPECT_EQ(plan.feature_network, "inception");
  }
}

TEST(PaperConfigFolder, ReconstructionIsThatOfTable2) {
  const char* name = "reconstruction.cifar10.ddpm";
  const Plan plan = resolve_config(read_config_file(kFolder / fmt::format("{}.json", name)), name).protocol->plan();
  EXPECT_EQ(plan.from_index, 24);  // t = 500 of 980, 960, ...
  EXPECT_TRUE(plan.maps);
  EXPECT_EQ(plan.estimators.size(), 2u);
}

TEST(PaperConfigFolder, StepsAreThoseOfFigure3) {
  for (const char* system : {"imagenet64.adm", "imagenet128.adm"}) {
    const auto plan_of = [](const std::string& name) {
      return resolve_config(read_config_file(kFolder / (name + ".json")), name).protocol->plan();
    };
    const Plan plan = plan_of(fmt::format("stepwise.{}", system)), filtering = plan_of(system);
    EXPECT_EQ(plan.n_samples, 60000u);
    EXPECT_EQ(plan.estimators.at(0).at("first_index"), 0);
    EXPECT_EQ(plan.estimators.at(0).at("last_index"), 49);
    EXPECT_EQ(plan.estimators.at(0).at("passes"), 5);
    EXPECT_EQ(plan.model, filtering.model);
    EXPECT_EQ(plan.sampler, filtering.sampler);
    EXPECT_EQ(plan.start, filtering.start);
  }
}

TEST(PaperConfigFolder, PassesAreThoseOfFigure11) {
  for (const char* system : {"cifar10.ddpm", "imagenet64.adm", "imagenet256.uvit"}) {
    const auto resolved = [](const std::string& name) {
      return resolve_config(read_config_file(kFolder / (name + ".json")), name);
    };
    const ResolvedConfig sweep = resolved(fmt::format("sweep.{}", system)), filtering = resolved(system);
    EXPECT_EQ(sweep.config.at("passes"), (Json{5, 10, 20}));
    Json estimators = Json::array();  // without MC-Dropout, which has no M in this figure
    for (const Json& estimator : filtering.config.at("estimators"))
      if (estimator.at("kind") != "mc_dropout") estimators.push_back(estimator);
    estimators[0]["passes"] = 20;
    estimators[0]["prefixes"] = {5, 10};
    EXPECT_EQ(sweep.config.at("estimators"), estimators);
    for (const char* key : {"model", "sampler", "start", "generate", "keep", "keep_side", "rank_by", "features", "reference"})
      EXPECT_EQ(sweep.config.at(key), filtering.config.at(key)) << key;
    EXPECT_EQ(resolve_config(sweep.config, "again").config, sweep.config);
  }
}

TEST(SamplerOfAModel, IsCheckedAgainstTheModelsOwnSchedule) {
  const testing::TemporaryFolder folder;
  const auto pointers = [&](const Json& schedule, const Json& sampler) {
    const Json manifest = {{"module", "net.pt"}, {"sha256", ""}, {"shape", {1, 4, 4}}, {"schedule", schedule}};
    atomic_write(folder / "net.json", manifest.dump());
    const Json model = {{"kind", "exported"}, {"manifest", (folder / "net.json").string()}};
    ConfigErrors errors;
    resolve_components(model, sampler, {{{"kind", "random"}}}, 1, errors);
    std::vector<std::string> out;
    for (const auto& [pointer, message] : errors.items()) out.push_back(pointer);
    return out;
  };
  const Json late = {{"kind", "ddim"}, {"steps", 10}, {"steps_offset", 150}};
  EXPECT_THAT(pointers({{"kind", "linear"}, {"train_steps", 4000}}, late), IsEmpty());
  EXPECT_THAT(pointers({{"kind", "linear"}, {"train_steps", 1000}}, late), ElementsAre("/sampler"));
  EXPECT_THAT(pointers({{"kind", "linear"}, {"train_steps", 5}}, {{"kind", "ddim"}, {"steps", 10}}), ElementsAre("/sampler"));
  EXPECT_THAT(pointers({{"kind", "linear"}, {"beta_last", 2}}, late), Contains("/model"));
}

}  // namespace
}  // namespace alea
