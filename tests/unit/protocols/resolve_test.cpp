#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../results/json_schema.h"
#include "core/files.h"
#include "core/share.h"
#include "protocols/protocol_entry.h"

namespace alea {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

fs::path protocols_folder() { return fs::path(ALEA_SOURCE_DIR) / "protocols"; }

Json config_of(const std::string& name) { return read_json_file(protocols_folder() / "configs" / (name + ".json")); }

std::string errors_of(const Json& config) {
  try {
    resolve_config(config, "test.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::config);
    return error.what();
  }
  return "";
}

Json with(const std::string& pointer, const Json& value) {
  Json config = config_of("smoke.toy");
  config[Json::json_pointer(pointer)] = value;
  return config;
}

TEST(ResolveConfig, TakesEveryCommittedConfig) {
  for (const auto& entry : fs::recursive_directory_iterator(protocols_folder() / "configs")) {
    if (entry.is_directory()) continue;
    const ResolvedConfig resolved = resolve_config(read_json_file(entry.path()), entry.path().string());
    EXPECT_EQ(resolved.config.at("name").get<std::string>() + ".json", entry.path().filename().string());
  }
}

TEST(ResolveConfig, NamesTheCommandThatMakesAMissingLaplaceFit) {
  Json config = config_of("estimators.fmnist");
  for (Json& estimator : config["estimators"])
    if (estimator.contains("laplace")) estimator["laplace"] = "nowhere/laplace/fmnist_laplace.safetensors";
  const std::string recipe = (share_folder() / "embedded/fmnist_laplace.train.json").string();
  EXPECT_THAT(errors_of(config), HasSubstr("`alea train " + recipe + " --out nowhere/laplace`"));
}

TEST(ResolveConfig, FillsInDefaultsAndIsIdempotent) {
  const ResolvedConfig once = resolve_config(config_of("smoke.toy"), "test.json");
  EXPECT_EQ(once.config.at("preset"), "paper");
  EXPECT_EQ(once.config.at("sampler").at("spacing"), "leading");
  EXPECT_EQ(once.config.at("model").at("channels"), 1);
  EXPECT_EQ(resolve_config(once.config, "test.json").config.dump(), once.config.dump());
}

TEST(ResolveConfig, PlanSaysWhatTheConfigSays) {
  const ResolvedConfig resolved = resolve_config(config_of("smoke.toy"), "test.json");
  const Plan& plan = resolved.protocol->plan();
  EXPECT_EQ(plan.seed, 1u);
  EXPECT_EQ(plan.n_samples, 192u);
  EXPECT_EQ(plan.block, 48u);
  EXPECT_EQ(plan.micro_batch, 16u);
  EXPECT_TRUE(plan.maps);
  EXPECT_EQ(plan.feature_network, "pixels");
  EXPECT_EQ(plan.planted_strengths, (std::vector<double>{32, 64, 128}));
  EXPECT_EQ(plan.estimators.size(), 3u);
  EXPECT_EQ(plan.model, resolved.config.at("model"));
}

TEST(ResolveConfig, DemoIsThePaperPresetOnTheEmbeddedModel) {
  const ResolvedConfig demo = resolve_config(config_of("demo.fmnist"), "demo");
  EXPECT_EQ(demo.config.at("sampler").at("steps"), 50);
  EXPECT_EQ(demo.config.at("generate"), 600);
  EXPECT_EQ(demo.config.at("keep"), 500);
  const ResolvedConfig full = resolve_config(config_of("filtering.fmnist"), "full");
  EXPECT_EQ(full.config.at("generate"), 12000);
  EXPECT_EQ(full.config.at("keep"), 10000);
}

TEST(ResolveConfig, ListsEveryProblemAtOnce) {
  Json config = config_of("smoke.toy");
  config["genrate"] = 5;
  config["seed"] = "one";
  config["sampler"]["steps"] = -3;
  config["estimators"][1]["kind"] = "eps_enrgy";
  const std::string what = errors_of(config);
  for (const char* part : {"/genrate", "generate", "/seed", "/sampler/steps", "/estimators/1/kind", "eps_energy"})
    EXPECT_THAT(what, HasSubstr(part));
}

TEST(ResolveConfig, RefusesUnknownProtocolsWithASuggestion) {
  EXPECT_THAT(errors_of(with("/protocol", "filterng")), HasSubstr("did you mean \"filtering\""));
  Json without = config_of("smoke.toy");
  without.erase("protocol");
  EXPECT_THAT(errors_of(without), HasSubstr("/protocol"));
  EXPECT_THAT(errors_of(Json::array()), HasSubstr("a config is an object"));
}

TEST(ResolveConfig, RefusesFieldsThatContradictEachOther) {
  EXPECT_THAT(errors_of(with("/keep", 192)), HasSubstr("/keep"));
  EXPECT_THAT(errors_of(with("/block", 50)), HasSubstr("/block  50 must be a multiple of /micro_batch"));
  EXPECT_THAT(errors_of(with("/planted_strengths", {6, 12})), HasSubstr("/planted_strengths"));
  EXPECT_THAT(errors_of(with("/planted_strengths", {6, 24, 12})), HasSubstr("/planted_strengths"));
  EXPECT_THAT(errors_of(with("/rank_by", "aleatoric.varience")), HasSubstr("did you mean \"aleatoric.variance\""));
  EXPECT_THAT(errors_of(with("/subsets", 18)), HasSubstr("/subsets"));
}

TEST(ResolveConfig, RefusesAWindowOutsideTheSampler) {
  EXPECT_THAT(errors_of(with("/estimators/0/last_index", 10)), HasSubstr("/estimators/0"));
  EXPECT_THAT(errors_of(with("/estimators/0/last_index", 9)), Not(HasSubstr("/estimators/0")));
}

TEST(ResolveConfig, RefusesARunWithoutTheRandomControl) {
  Json config = config_of("smoke.toy");
  config["estimators"].erase(2);
  EXPECT_THAT(errors_of(config), HasSubstr("/estimators  needs {\"kind\": \"random\"}"));
}

TEST(ResolveConfig, RefusesTheSameStatisticTwice) {
  Json config = config_of("smoke.toy");
  config["estimators"].push_back(config["estimators"][0]);
  EXPECT_THAT(errors_of(config), HasSubstr("two estimators yield the statistic"));
}

std::string comparable_sha256(const Json& config) {
  return json_sha256(resolve_config(config, "test.json").protocol->comparable());
}

TEST(Comparable, IgnoresSeedNameAndEstimator) {
  const std::string base = comparable_sha256(config_of("smoke.toy"));
  EXPECT_EQ(comparable_sha256(with("/seed", 2)), base);
  EXPECT_EQ(comparable_sha256(with("/name", "other")), base);
  EXPECT_EQ(comparable_sha256(with("/estimators/0/passes", 4)), base);
  EXPECT_EQ(comparable_sha256(with("/rank_by", "aleatoric.centred")), base);
  EXPECT_EQ(comparable_sha256(with("/store_maps", false)), base);
  EXPECT_EQ(comparable_sha256(with("/precision_validation", "other.json")), base);
}

TEST(Comparable, SeesWhatMakesRunsUnlike) {
  const std::string base = comparable_sha256(config_of("smoke.toy"));
  EXPECT_NE(comparable_sha256(with("/sampler/steps", 20)), base);
  EXPECT_NE(comparable_sha256(with("/keep", 150)), base);
  EXPECT_NE(comparable_sha256(with("/generate", 200)), base);
  EXPECT_NE(comparable_sha256(with("/keep_side", "highest")), base);
  EXPECT_NE(comparable_sha256(with("/subsets", 20)), base);
  EXPECT_NE(comparable_sha256(with("/reference", "elsewhere.safetensors")), base);
  EXPECT_NE(comparable_sha256(with("/features", "fmnist_cnn")), base);
  EXPECT_NE(comparable_sha256(with("/planted_strengths/0", 31)), base);
  EXPECT_NE(comparable_sha256(with("/micro_batch", 8)), base);
  EXPECT_NE(comparable_sha256(with("/precision", "bfloat16")), base);
  EXPECT_NE(comparable_sha256(with("/precision", "float16")), comparable_sha256(with("/precision", "bfloat16")));
  EXPECT_NE(comparable_sha256(with("/model", {{"kind", "toy_gaussian"}})), base);
}

TEST(Comparable, InFloat32IsThatOfRecordsFromBeforeThereWasAChoice) {
  EXPECT_FALSE(resolve_config(config_of("smoke.toy"), "test.json").protocol->comparable().contains("precision"));
  EXPECT_EQ(comparable_sha256(with("/precision", "float32")), comparable_sha256(config_of("smoke.toy")));
}

TEST(ResolveConfig, ThePlanHasThePrecision) {
  EXPECT_EQ(resolve_config(config_of("smoke.toy"), "test.json").protocol->plan().precision, "float32");
  EXPECT_EQ(resolve_config(with("/precision", "float16"), "test.json").protocol->plan().precision, "float16");
  EXPECT_THAT(errors_of(with("/precision", "float8")), HasSubstr("/precision"));
}

TEST(ListProtocols, NamesFiltering) {
  const auto protocols = list_protocols();
  EXPECT_TRUE(
      std::any_of(protocols.begin(), protocols.end(), [](const auto& p) { return p.first == "filtering" && !p.second.empty(); }));
}

/// ALEA_UPDATE_SCHEMAS=1 writes the files instead.
TEST(ConfigSchema, CommittedFilesAreCurrent) {
  for (const ProtocolEntry& entry : protocol_entries()) {
    const fs::path path = protocols_folder() / "schema" / (entry.name + ".schema.json");
    const std::string text = entry.schema().dump(2) + "\n";
    if (std::getenv("ALEA_UPDATE_SCHEMAS") != nullptr) atomic_write(path, std::string_view(text));
    ASSERT_TRUE(fs::exists(path)) << "make it with ALEA_UPDATE_SCHEMAS=1";
    EXPECT_EQ(read_text_file(path), text) << "out of date: run this test with ALEA_UPDATE_SCHEMAS=1";
  }
}

TEST(ConfigSchema, TakesCommittedAndResolvedConfigs) {
  const Json schema = read_json_file(protocols_folder() / "schema/filtering.schema.json");
  for (const char* name : {"demo.fmnist", "filtering.fmnist", "smoke.toy"}) {
    EXPECT_EQ(schema_problems(schema, config_of(name)), "") << name;
    EXPECT_EQ(schema_problems(schema, resolve_config(config_of(name), name).config), "") << name;
  }
}

TEST(ConfigSchema, RefusesWhatTheParserRefuses) {
  const Json schema = read_json_file(protocols_folder() / "schema/filtering.schema.json");
  for (const Json& config : {with("/genrate", 5), with("/seed", "one"), with("/sampler/steps", -3),
                             with("/estimators/0/kind", "x"), with("/keep_side", "both"), with("/subsets", 18)}) {
    EXPECT_NE(schema_problems(schema, config), "") << config.dump();
    EXPECT_NE(errors_of(config), "") << config.dump();
  }
}

}  // namespace
}  // namespace alea
