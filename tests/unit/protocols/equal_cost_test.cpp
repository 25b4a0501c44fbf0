#include "protocols/equal_cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_arm.h"
#include "metrics/frechet.h"

namespace alea {
namespace {

using ::testing::HasSubstr;

TEST(EqualCost, GainIsKeptMinusTheArmWithTheErrorOfTwoIndependentSets) {
  const Record record = WithArm("gain").score_all().record;
  const MetricRow &kept = row_of(record, "fd.pixels.kept"), &arm = row_of(record, "fd.pixels.equal_cost"),
                  &gain = row_of(record, "gain.fd.pixels.equal_cost");
  EXPECT_EQ(arm.n, 160u);
  EXPECT_DOUBLE_EQ(*gain.value, *kept.value - *arm.value);
  EXPECT_DOUBLE_EQ(gain.interval->standard_error, std::hypot(kept.interval->standard_error, arm.interval->standard_error));
  EXPECT_NEAR(gain.interval->high - *gain.value, 2.0395 * gain.interval->standard_error, 1e-4 * gain.interval->standard_error);
  EXPECT_EQ(gain.direction, Direction::higher);
}

TEST(EqualCost, DistanceIsThatOfTheArmsOwnImages) {
  const WithArm run("distance");
  std::vector<float> arm, good;
  for (std::uint64_t i = 0; i < 160; ++i)
    for (const float v : FakeRun::features_of(run.arm_image(i))) arm.push_back(v);
  for (std::uint64_t i = 0; i < 2000; ++i)
    for (const float v : FakeRun::features_of(FakeRun::image(i, false, 99))) good.push_back(v);
  EXPECT_NEAR(*row_of(run.score_all().record, "fd.pixels.equal_cost").value,
              frechet_distance(fit_gaussian(FeatureView{good, 2000, FakeRun::kPixels}),
                               fit_gaussian(FeatureView{arm, 160, FakeRun::kPixels})),
              1e-9);
}

TEST(EqualCost, AnArmOfBadImagesLoses) {
  WithArm run("bad");
  run.arm_is_bad = true;
  EXPECT_LT(row_of(run.score_all().record, "gain.fd.pixels.equal_cost").interval->high, 0);
}

/// 10 evaluations of the sampler and 9 of the estimator: DDIM of 19 steps, leading, begins at 18 * floor(1000 / 19) = 936, which
/// is too late; of 18 at 17 * 55 = 935, ..., of 12 at 11 * 83 = 913; none begins at 960. With linspace all begin at 999.
TEST(EqualCost, TakesAsManyStepsAsTheEvaluationsBuyAndSaysSo) {
  WithArm run("steps");
  run.config["sampler"]["spacing"] = "leading";
  EXPECT_THAT(
      [&] {
        try {
          resolve_config(run.config, "test");
        } catch (const Error& error) {
          return std::string(error.what());
        }
        return std::string();
      }(),
      HasSubstr("/equal_cost  the ranked estimator's arm takes 19 evaluations"));
  run.config["sampler"]["spacing"] = "linspace";
  const ResolvedConfig resolved = resolve_config(run.config, "test");
  const Plan& plan = resolved.protocol->plan();
  EXPECT_EQ(plan.equal_cost_sampler.at("steps"), 19);
  EXPECT_EQ(plan.equal_cost_sampler.at("spacing"), "linspace");
  EXPECT_EQ(plan.equal_cost_images, 160u);
}

/// The paper's numbers: 50 + 20 evaluations. 70 steps of stride 14 begin at 966; 75 of stride 13 would begin at 962, 74 at 949.
TEST(EqualCost, OfThePapersSettingsTakesSeventySteps) {
  WithArm run("paper");
  run.config["sampler"] = {{"kind", "ddim"}, {"steps", 50}};
  run.config["estimators"][0] = {{"kind", "aleatoric"}, {"passes", 5}, {"first_index", 45}, {"last_index", 48}};
  const auto steps = [&] {
    return resolve_config(run.config, "test").protocol->plan().equal_cost_sampler.at("steps").get<int>();
  };
  EXPECT_EQ(steps(), 70);
  run.config["estimators"][0]["last_index"] = 49;  // 75 evaluations
  EXPECT_EQ(steps(), 75);
  run.config["estimators"][0]["last_index"] = 48;
  run.config["estimators"][0]["passes"] = 6;  // 74 evaluations: 74 steps begin at 949, 73 at 936, 72 at 923, 71 at 980
  EXPECT_EQ(steps(), 71);
}

TEST(EqualCost, IsPartOfTheIdentityOnlyWhereItIsChosenAndInTheRecord) {
  WithArm run("identity");
  const Record record = run.score_all().record;
  EXPECT_EQ(record.data.at("equal_cost").at("nfe"), 19);
  EXPECT_EQ(record.data.at("equal_cost").at("nfe_of_ranked"), 19);
  const Json with = resolve_config(run.config, "test").config;
  EXPECT_TRUE(with.at("equal_cost").get<bool>());
  run.config.erase("equal_cost");
  const ResolvedConfig without = resolve_config(run.config, "test");
  EXPECT_FALSE(without.config.contains("equal_cost"));
  EXPECT_TRUE(without.protocol->plan().equal_cost_sampler.is_null());
}

}  // namespace
}  // namespace alea
