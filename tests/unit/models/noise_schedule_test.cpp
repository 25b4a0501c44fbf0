#include "models/noise_schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "tests/support/plugins.h"

namespace alea {
namespace {

using test::code_of;

const ScheduleOptions kScaledLinear{.kind = "scaled_linear", .beta_first = 0.00085, .beta_last = 0.012};

std::vector<ScheduleOptions> all_kinds() {
  return {{}, {.kind = "cosine"}, kScaledLinear, {.kind = "flow"}, {.kind = "cosine", .table = "float64"}};
}

TEST(NoiseSchedule, TablesEqualThoseOfDiffusersBitForBit) {
  for (const ScheduleOptions& options : {ScheduleOptions{}, ScheduleOptions{.kind = "cosine"}, kScaledLinear}) {
    std::ifstream file(ALEA_SOURCE_DIR "/tests/fixtures/noise_schedule_" + options.kind + ".f32", std::ios::binary);
    const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
    ASSERT_EQ(bytes.size(), 4000u) << options.kind;
    const NoiseSchedule schedule{options};
    ASSERT_EQ(schedule.train_steps(), 1000);
    for (int t = 0; t < 1000; ++t) {
      float expected;
      std::memcpy(&expected, bytes.data() + 4 * t, 4);
      ASSERT_EQ(schedule.alpha_bar(TrainTime{static_cast<double>(t)}), static_cast<double>(expected)) << options.kind << t;
    }
  }
}

/// alpha_bar at a time, as guided-diffusion and U-ViT compute it in double.
struct Known {
  double t, alpha_bar;
};

void expect_known(ScheduleOptions options, const std::vector<Known>& known) {
  options.table = "float64";
  const NoiseSchedule exact{options};
  options.table = "float32";
  const NoiseSchedule rounded{options};
  for (const auto& [t, alpha_bar] : known) {
    EXPECT_NEAR(exact.alpha_bar({t}) / alpha_bar, 1, 1e-13) << options.kind << " " << t;
    EXPECT_NEAR(rounded.alpha_bar({t}) / alpha_bar, 1, 2e-5) << options.kind << " " << t;
  }
}

TEST(NoiseSchedule, TablesInDoubleEqualThoseOfTheNetworksAuthors) {
  expect_known({}, {{0, 0.9999}, {20, 0.9937354285721993}, {500, 0.07779665836502389}, {999, 4.035829765375676e-05}});
  expect_known({.kind = "cosine"}, {{0, 0.999958715775178}, {500, 0.49228517244880304}, {980, 8.765293819602857e-04}});
  expect_known({.kind = "cosine"}, {{999, 2.4287669070348567e-09}});
  expect_known(kScaledLinear, {{0, 0.99915}, {21, 0.9803807481013713}, {500, 0.2763326838229747}, {999, 0.004660098513077241}});
}

TEST(NoiseSchedule, LogAlphaIsLinearBetweenIntegers) {
  const NoiseSchedule schedule{ScheduleOptions{}};
  for (const double t : {0.0, 17.0, 998.0}) {
    const double from = schedule.alpha_bar({t}), to = schedule.alpha_bar({t + 1});
    EXPECT_NEAR(schedule.alpha_bar({t + 0.25}) / (std::pow(from, 0.75) * std::pow(to, 0.25)), 1, 1e-12) << t;
  }
}

TEST(NoiseSchedule, FlowMixesInAStraightLine) {
  const NoiseSchedule schedule{{.kind = "flow", .shift = 3}};
  EXPECT_EQ(schedule.level({250}), (NoiseLevel{0.75, 0.25}));
  EXPECT_EQ(schedule.level({1000}), (NoiseLevel{0, 1}));
  EXPECT_EQ(schedule.shift(), 3);
  EXPECT_EQ(code_of([&] { schedule.alpha_bar({250}); }), ErrorCode::domain);
  EXPECT_EQ(code_of([&] { schedule.level({0}); }), ErrorCode::domain);
}

TEST(NoiseSchedule, TimesAndLevelsOfALambdaInvertTheSchedule) {
  for (const ScheduleOptions& options : all_kinds()) {
    const NoiseSchedule schedule{options};
    for (const double t : {1.0, 1.5, 80.0, 499.75, 998.0}) {
      const NoiseLevel level = schedule.level({t});
      const double lambda = half_log_snr(level);
      EXPECT_NEAR(lambda, std::log(level.alpha / level.sigma), 1e-12);
      EXPECT_NEAR(schedule.time_of(lambda).value, t, 1e-7) << options.kind;
      EXPECT_NEAR(schedule.level_at(lambda).alpha / level.alpha, 1, 1e-12) << options.kind << t;
      EXPECT_NEAR(schedule.level_at(lambda).sigma / level.sigma, 1, 1e-12) << options.kind << t;
    }
    EXPECT_EQ(schedule.time_of(-1000), schedule.last_time());
    EXPECT_EQ(schedule.time_of(1000), schedule.first_time());
  }
}

TEST(NoiseSchedule, RefusesTimesOutsideOfTraining) {
  const NoiseSchedule table{ScheduleOptions{}}, flow{{.kind = "flow"}};
  for (const double t : {-1.0, 1000.5, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(code_of([&] { table.alpha_bar({t}); }), ErrorCode::domain) << t;
    EXPECT_EQ(code_of([&] { flow.level({t}); }), ErrorCode::domain) << t;
  }
  EXPECT_EQ(code_of([&] { table.level({999.5}); }), ErrorCode::domain);
}

TEST(NoiseSchedule, RefusesOptionsThatLeaveNoUsableTable) {
  EXPECT_EQ(code_of([] { NoiseSchedule({.kind = "cosin"}); }), ErrorCode::config);
  EXPECT_EQ(code_of([] { NoiseSchedule({.table = "float16"}); }), ErrorCode::config);
  EXPECT_EQ(code_of([] { NoiseSchedule({.kind = "linear", .shift = 3}); }), ErrorCode::config);
  EXPECT_EQ(code_of([] { NoiseSchedule({.kind = "flow", .shift = 0}); }), ErrorCode::domain);
  EXPECT_EQ(code_of([] { NoiseSchedule({.train_steps = 0}); }), ErrorCode::domain);
  EXPECT_EQ(code_of([] { NoiseSchedule({.beta_first = 0}); }), ErrorCode::domain);
  EXPECT_EQ(code_of([] { NoiseSchedule({.beta_first = 1e-12}); }), ErrorCode::domain);
  EXPECT_EQ(code_of([] { NoiseSchedule({.beta_last = 1}); }), ErrorCode::domain);
  EXPECT_EQ(code_of([] { NoiseSchedule({.beta_first = 0.5, .beta_last = 0.9}); }), ErrorCode::domain);
}

}  // namespace
}  // namespace alea
