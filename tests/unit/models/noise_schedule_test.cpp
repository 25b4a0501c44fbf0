#include "models/noise_schedule.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "tests/support/plugins.h"

namespace alea {
namespace {

using test::code_of;

TEST(NoiseSchedule, TableEqualsThatOfDiffusersBitForBit) {
  std::ifstream file(ALEA_SOURCE_DIR "/tests/fixtures/noise_schedule_linear.f32", std::ios::binary);
  const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
  ASSERT_EQ(bytes.size(), 4000u);
  const NoiseSchedule schedule{ScheduleOptions{}};
  ASSERT_EQ(schedule.train_steps(), 1000);
  for (int t = 0; t < 1000; ++t) {
    float expected;
    std::memcpy(&expected, bytes.data() + 4 * t, 4);
    ASSERT_EQ(schedule.alpha_bar(TrainTime{static_cast<double>(t)}), static_cast<double>(expected)) << "t = " << t;
  }
}

TEST(NoiseSchedule, FollowsTheExactProductWithinFloat32) {
  const NoiseSchedule schedule{ScheduleOptions{}};
  EXPECT_NEAR(schedule.alpha_bar({0}), 0.9999, 1e-7);
  EXPECT_NEAR(schedule.alpha_bar({20}), 0.9937354285721993, 1e-6);
  EXPECT_NEAR(schedule.alpha_bar({500}), 0.07779665836502389, 1e-6);
  EXPECT_NEAR(schedule.alpha_bar({999}) / 4.035829765375676e-05, 1, 1e-5);
}

TEST(NoiseSchedule, RefusesTimesThatAreNotTabulated) {
  const NoiseSchedule schedule{ScheduleOptions{}};
  for (const double t : {-1.0, 0.5, 1000.0, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_EQ(code_of([&] { schedule.alpha_bar({t}); }), ErrorCode::domain) << t;
}

TEST(NoiseSchedule, RefusesBetasThatLeaveNoUsableTable) {
  EXPECT_EQ(code_of([] { NoiseSchedule({.kind = "cosine"}); }), ErrorCode::config);
  EXPECT_EQ(code_of([] { NoiseSchedule({.train_steps = 0}); }), ErrorCode::domain);
  EXPECT_EQ(code_of([] { NoiseSchedule({.beta_first = 0}); }), ErrorCode::domain);
  EXPECT_EQ(code_of([] { NoiseSchedule({.beta_first = 1e-12}); }), ErrorCode::domain);
  EXPECT_EQ(code_of([] { NoiseSchedule({.beta_last = 1}); }), ErrorCode::domain);
  EXPECT_EQ(code_of([] { NoiseSchedule({.beta_first = 0.5, .beta_last = 0.9}); }), ErrorCode::domain);
}

}  // namespace
}  // namespace alea
