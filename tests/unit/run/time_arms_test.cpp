#include "run/time_arms.h"

#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "run/peak_memory.h"
#include "run/sample_block.h"

namespace alea {
namespace {

constexpr int kSteps = 10, kImages = 8;

Plan timed_plan() {
  Plan plan;
  plan.seed = 7;
  plan.block = 1;
  plan.micro_batch = 4;
  plan.model = {{"kind", "toy_gaussian"}, {"channels", 1}, {"height", 4}, {"width", 6}};
  plan.sampler = {{"kind", "ddim"}, {"steps", kSteps}};
  plan.estimators = Json::array();
  plan.maps = false;
  const Json aleatoric = {{"kind", "aleatoric"}, {"passes", 2}, {"first_index", 7}, {"last_index", 8}};
  plan.timing =
      TimingPlan{kImages, 2, {{"plain", Json::array()}, {"a", Json::array({aleatoric})}, {"b", Json::array({aleatoric})}}};
  plan.n_samples = 6 * plan.timing->arms.size();
  return plan;
}

std::string text_of(const Array& array) {
  const auto characters = array.as<std::uint8_t>();
  return {characters.begin(), characters.end()};
}

TEST(ArmTimer, TimesAWholeGenerationOfTheImagesOfTheRun) {
  const Plan plan = timed_plan();
  Plan untimed = plan;
  untimed.timing.reset();
  const auto expected = sha256_hex(BlockSampler(untimed).sample({0, 0, kImages}).at("images").bytes);
  ArmTimer timer(plan, {});
  for (std::uint64_t id = 0; id < 3; ++id) {
    const ArrayMap measured = timer.sample({std::uint32_t(id), id, 1}, {});
    EXPECT_GT(measured.at("seconds").as<double>()[0], 0);
    EXPECT_EQ(text_of(measured.at("images_sha256")), expected) << id;
    EXPECT_EQ(measured.at("non_finite").as<std::uint64_t>()[0], 0u);
    EXPECT_EQ(measured.at("ids").as<std::uint64_t>()[0], id);
    EXPECT_EQ(text_of(measured.at("machine")), json_sha256(machine_of({})));
  }
}

TEST(ArmTimer, SharesNoWorkBetweenArmsAndWarmsEachUpOnce) {
  ArmTimer timer(timed_plan(), {});
  const auto measure = [&](std::uint64_t id) { timer.sample({std::uint32_t(id), id, 1}, {}); };
  measure(0);  // plain: two to warm up, one timed
  EXPECT_EQ(timer.cost().base_nfe, 3u * kImages * kSteps);
  EXPECT_EQ(timer.cost().extra_nfe, 0u);
  measure(1);
  EXPECT_EQ(timer.cost().base_nfe, 6u * kImages * kSteps);
  EXPECT_EQ(timer.cost().extra_nfe, 3u * kImages * 4);
  measure(2);  // "b" asks what "a" did, and is evaluated nevertheless
  EXPECT_EQ(timer.cost().extra_nfe, 6u * kImages * 4);
  measure(3);  // the second repeat begins with "b"
  EXPECT_EQ(timer.cost().base_nfe, 10u * kImages * kSteps);
  EXPECT_EQ(timer.cost().extra_nfe, 7u * kImages * 4);
}

TEST(ArmTimer, SecondsAreThoseOfTheWork) {
  Plan plan = timed_plan();
  plan.timing->arms[1].estimators[0]["passes"] = 2000;
  ArmTimer timer(plan, {});
  const double plain = timer.sample({0, 0, 1}, {}).at("seconds").as<double>()[0];
  const double estimating = timer.sample({1, 1, 1}, {}).at("seconds").as<double>()[0];
  EXPECT_GT(estimating, 10 * plain) << "401 times the evaluations";
}

TEST(PeakMemoryWatch, SeesWhatIsTakenWhileItLivesAndNotWhatWasGivenBackBefore) {
  constexpr std::int64_t kMegabyte = 1 << 20;
  const auto take = [](std::int64_t megabytes) { at::ones({megabytes * kMegabyte / 4}); };
  const PeakMemoryWatch first(at::kCPU);
  if (first.peak().resident == 0) GTEST_SKIP() << "the system doesn't let a process start its peak anew";
  take(400);
  const std::uint64_t large = first.peak().resident;
  EXPECT_GE(large, 400u * kMegabyte);
  const PeakMemoryWatch second(at::kCPU);
  take(100);
  const std::uint64_t small = second.peak().resident;
  EXPECT_GE(small, 100u * kMegabyte);
  EXPECT_LT(small + 200u * kMegabyte, large);
}

}  // namespace
}  // namespace alea
