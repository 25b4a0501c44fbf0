#include <gtest/gtest.h>

#include "../results/json_schema.h"
#include "core/config_extends.h"
#include "core/files.h"
#include "protocols/components.h"
#include "protocols/protocol.h"

/// protocols/configs/paper/cost.*.json, as far as they go without the published weights.

namespace alea {
namespace {

const fs::path kConfigs = fs::path(ALEA_SOURCE_DIR) / "protocols/configs";

class CostConfigs : public ::testing::TestWithParam<std::string> {
 protected:
  const Json config_ = read_config_file(kConfigs / "paper" / ("cost." + GetParam() + ".json"));
  const Json filtering_ = read_config_file(kConfigs / "paper" / (GetParam() + ".json"));
};

TEST_P(CostConfigs, ResolveFitTheSchemaAndTimeTheSystemOfTheOtherTables) {
  const Json schema = read_json_file(fs::path(ALEA_SOURCE_DIR) / "protocols/schema/cost.schema.json");
  const ResolvedConfig resolved = resolve_config(config_, GetParam());
  EXPECT_EQ(schema_problems(schema, config_), "");
  EXPECT_EQ(schema_problems(schema, resolved.config), "");
  EXPECT_EQ(resolved.config.at("name"), "cost." + GetParam());
  for (const char* key : {"model", "sampler", "start"}) EXPECT_EQ(config_.at(key), filtering_.at(key)) << key;
}

/// official-code.md §10: 1.30 and 2.20 times the evaluations with the window of 3 steps, 1.40 and 2.60 with 4.
TEST_P(CostConfigs, HaveTheWindowOfThreeStepsBesideThatOfFour) {
  const Plan plan = resolve_config(config_, GetParam()).protocol->plan();
  EXPECT_EQ(plan.timing->images, 128u);
  std::map<std::string, int> nfe;
  for (const TimedArm& arm : plan.timing->arms) {
    if (arm.estimators.empty()) continue;
    ConfigErrors errors;
    nfe[arm.name] = resolve_components(plan.model, plan.sampler, arm.estimators, plan.seed, errors).total_nfe();
    EXPECT_TRUE(errors.empty());
  }
  EXPECT_EQ(nfe.at("m5.steps3"), 65);
  EXPECT_EQ(nfe.at("m5.steps4"), 70);
  EXPECT_EQ(nfe.at("m20.steps3"), 110);
  EXPECT_EQ(nfe.at("m20.steps4"), 130);
  for (const Json& arm : config_.at("arms"))
    EXPECT_EQ(arm.contains("published_seconds"), arm.at("name").get<std::string>().ends_with("steps3")) << arm.at("name");
}

INSTANTIATE_TEST_SUITE_P(Tables5And6, CostConfigs,
                         ::testing::Values("cifar10.ddpm", "imagenet64.adm", "imagenet128.adm", "imagenet128.adm.2dpm",
                                           "imagenet256.uvit", "imagenet512.uvit"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(CostConfig, OfTheEmbeddedModelFitsTheSchema) {
  const Json config = read_json_file(kConfigs / "cost.fmnist.json");
  EXPECT_EQ(schema_problems(read_json_file(fs::path(ALEA_SOURCE_DIR) / "protocols/schema/cost.schema.json"), config), "");
  EXPECT_EQ(resolve_config(config, "cost.fmnist").protocol->plan().n_samples, 7u * 7u);
}

}  // namespace
}  // namespace alea
