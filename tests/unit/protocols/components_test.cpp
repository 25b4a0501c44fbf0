#include "protocols/components.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace alea {
namespace {

using ::testing::ElementsAre;

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

TEST(Components, NeedAtLeastOneEstimator) {
  ConfigErrors errors;
  resolve_components(kModel, kSampler, Json::array(), 1, errors);
  ASSERT_EQ(errors.items().size(), 1u);
  EXPECT_EQ(errors.items()[0].first, "/estimators");
}

}  // namespace
}  // namespace alea
