#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "core/files.h"
#include "protocols/protocol.h"
#include "tests/unit/protocols/fake_run.h"

namespace alea {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

const Json kConfig = {{"protocol", "cost"},
                      {"model", {{"kind", "ddpm_unet"}, {"manifest", "embedded/fmnist_denoiser.json"}}},
                      {"sampler", {{"kind", "ddim"}, {"steps", 50}}},
                      {"arms",
                       {{{"name", "m5"},
                         {"estimators", {{{"kind", "aleatoric"}, {"first_index", 45}, {"last_index", 47}}}},
                         {"published_seconds", {40.753, 52.387}}},
                        {{"name", "m20"}, {"estimators", {{{"kind", "aleatoric"}, {"passes", 20}}, {{"kind", "random"}}}}}}},
                      {"images", 64},
                      {"micro_batch", 32}};
constexpr std::size_t kArms = 4;  // plain, m5, m20, control
constexpr double kTrueSeconds[kArms] = {10, 13, 26, 10};

/// A run's folder with seconds from a formula.
struct TimedRun {
  fs::path folder = fs::temp_directory_path() / fmt::format("alea_timed_run_{}", ::getpid());
  std::uint64_t n = 7 * kArms;
  std::function<double(std::uint64_t repeat, std::size_t arm)> seconds = [](auto, std::size_t arm) { return kTrueSeconds[arm]; };
  std::function<std::string(std::uint64_t repeat, std::size_t arm)> machine = [](auto, auto) { return "one"; };
  std::function<std::string(std::uint64_t repeat, std::size_t arm)> images = [](auto, auto) { return "same"; };
  std::uint64_t peak_memory = 1000, non_finite = 0;

  ~TimedRun() { fs::remove_all(folder); }

  Record score() const {
    fs::remove_all(folder);
    const ResolvedConfig resolved = resolve_config(kConfig, "test");
    const Store store = Store::open_or_create(folder, resolved.config, n, resolved.protocol->plan().block);
    for (const BlockRange& range : store.blocks()) store.put_block("blocks", range, block(range.first));
    Record record;
    record.config = resolved.config;
    record.model = record.data = record.provenance = Json::object();
    resolved.protocol->score(store, record);
    record_to_json(record);
    return record;
  }

  /// Arms in the order in which they must have been timed, said apart from measurement().
  static std::size_t arm_of(std::uint64_t id) {
    constexpr std::size_t kOrder[2 * kArms] = {0, 1, 2, 3, 3, 2, 1, 0};
    return kOrder[id % (2 * kArms)];
  }

  ArrayMap block(std::uint64_t id) const {
    const std::uint64_t repeat = id / kArms;
    const std::size_t arm = arm_of(id);
    const auto text = [](const std::string& s) {
      return make_array<std::uint8_t>(std::vector<std::uint8_t>(s.begin(), s.end()), {1, s.size()});
    };
    const auto number = [](std::uint64_t v) { return make_array<std::uint64_t>(std::vector<std::uint64_t>{v}, {1}); };
    return {{"ids", number(id)},
            {"finite", make_array<std::uint8_t>(std::vector<std::uint8_t>{non_finite == 0}, {1})},
            {"seconds", make_array<double>(std::vector<double>{seconds(repeat, arm)}, {1})},
            {"peak_memory", make_array<std::uint64_t>(std::vector<std::uint64_t>{peak_memory + arm, 0}, {1, 2})},
            {"non_finite", number(non_finite)},
            {"images_sha256", text(images(repeat, arm))},
            {"machine", text(machine(repeat, arm))}};
  }
};

TEST(Cost, ComparesEachArmWithThePlainOneOfItsOwnRepeat) {
  TimedRun run;
  run.seconds = [](std::uint64_t repeat, std::size_t arm) { return kTrueSeconds[arm] * double(1 + repeat); };
  const Record record = run.score();
  EXPECT_NEAR(row_of(record, "ratio.m5").value.value(), 1.3, 1e-12);
  EXPECT_NEAR(row_of(record, "ratio.m5").interval->high, 1.3, 1e-12) << "the drift of repeats cancels";
  EXPECT_NEAR(row_of(record, "ratio.m20").value.value(), 2.6, 1e-12);
  const MetricRow& seconds = row_of(record, "seconds.m5");
  EXPECT_EQ(seconds.value, 13 * 4) << "median of 1 to 7 times";
  EXPECT_EQ(seconds.interval->low, 13);
  EXPECT_EQ(seconds.interval->high, 13 * 7);
  EXPECT_EQ(row_of(record, "images_per_second.m5").value, 64 / (13.0 * 4));
  EXPECT_EQ(seconds.n, 7u);
  EXPECT_THAT(record.invalid_reasons, IsEmpty());
}

TEST(Cost, StandsBesideCountsAndThePublishedRatio) {
  const Record record = TimedRun().score();
  EXPECT_EQ(row_of(record, "nfe.plain").value, 50);
  EXPECT_EQ(row_of(record, "nfe.m5").value, 65);
  EXPECT_EQ(row_of(record, "nfe.m20").value, 130);
  const double one = row_of(record, "flops.plain").value.value() / 50 * 1e9;
  EXPECT_NEAR(one, 0.398e9, 1e6);
  EXPECT_NEAR(row_of(record, "flops.m20").value.value(), 130 * one / 1e9, 1e-9);
  const Json& details = row_of(record, "ratio.m5").details;
  EXPECT_NEAR(details.at("nfe_ratio").get<double>(), 1.3, 1e-12);
  EXPECT_NEAR(details.at("published").get<double>(), 1.28548, 1e-5);
  EXPECT_TRUE(details.at("measured").get<bool>());
  EXPECT_FALSE(row_of(record, "nfe.m5").details.at("measured").get<bool>());
  EXPECT_NEAR(row_of(record, "seconds.m5").details.at("flop_per_second").get<double>(), 65 * one * 64 / 13, 1);
  EXPECT_EQ(row_of(record, "peak_memory.m20").value, 1002.0 / (1 << 20));
  EXPECT_EQ(record.cost.at("base"), 50);
  EXPECT_EQ(record.cost.at("extra"), 0);
  EXPECT_EQ(record.cost.at("arms").at("m20").at("estimators").at(0).at("nfe"), 80);
  EXPECT_EQ(record.cost.at("arms").at("m20").at("estimators").at(1).at("nfe"), 0);
}

TEST(Cost, IsInvalidWhereTheControlIsNotOne) {
  TimedRun run;
  run.seconds = [](std::uint64_t repeat, std::size_t arm) {
    return kTrueSeconds[arm] * (arm == 3 ? 1.2 + 0.01 * double(repeat) : 1);
  };
  EXPECT_THAT(run.score().invalid_reasons, ElementsAre(HasSubstr("disturbed")));
  run.seconds = [](std::uint64_t, std::size_t arm) { return kTrueSeconds[arm] * (arm == 3 ? 0.9 : 1); };
  EXPECT_THAT(run.score().invalid_reasons, ElementsAre(HasSubstr("disturbed")));
  run.seconds = [](std::uint64_t, std::size_t arm) { return kTrueSeconds[arm] * (arm == 3 ? 1.04 : 1); };
  EXPECT_THAT(run.score().invalid_reasons, IsEmpty());
}

TEST(Cost, IsInvalidWhereMachinesAreMixed) {
  TimedRun run;
  run.machine = [](std::uint64_t repeat, std::size_t) { return repeat < 4 ? "one" : "two"; };
  EXPECT_THAT(run.score().invalid_reasons, ElementsAre(HasSubstr("2 machines")));
}

TEST(Cost, IsInvalidWhereAnArmDidNotRepeatItsImages) {
  TimedRun run;
  run.images = [](std::uint64_t repeat, std::size_t arm) { return arm == 2 && repeat == 5 ? "othr" : "same"; };
  EXPECT_THAT(run.score().invalid_reasons, ElementsAre(HasSubstr("the images of m20 differ")));
  run.images = [](std::uint64_t, std::size_t arm) { return arm == 2 ? "path" : "same"; };
  const Record record = run.score();
  EXPECT_THAT(record.invalid_reasons, IsEmpty()) << "an estimator may change its path";
  EXPECT_FALSE(row_of(record, "ratio.m20").details.at("images_of_plain").get<bool>());
  EXPECT_TRUE(row_of(record, "ratio.m5").details.at("images_of_plain").get<bool>());
}

TEST(Cost, IsInvalidPastTheLimitOfNonFiniteImages) {
  TimedRun run;
  run.non_finite = 3;
  EXPECT_THAT(run.score().invalid_reasons, ElementsAre(HasSubstr("3 images")));
}

TEST(Cost, OfTooFewRepeatsHasNoIntervalAndOfNoneNoValue) {
  TimedRun run;
  run.n = 3 * kArms + 1;
  const Record few = run.score();
  EXPECT_EQ(row_of(few, "ratio.m5").value, 1.3);
  EXPECT_EQ(row_of(few, "ratio.m5").n, 3u);
  EXPECT_FALSE(row_of(few, "ratio.m5").interval);
  run.n = 3;
  const Record none = run.score();
  EXPECT_FALSE(row_of(none, "ratio.m5").value);
  EXPECT_FALSE(none.invalid_reasons.empty());
}

TEST(Cost, SaysWhereMemoryIsNotKnown) {
  TimedRun run;
  run.peak_memory = 0;
  EXPECT_THAT(row_of(run.score(), "peak_memory.plain").why_null, HasSubstr("peak"));
}

TEST(CostConfig, ReportsEveryProblemByItsPointer) {
  Json config = kConfig;
  config["micro_batch"] = 48;
  config["arms"][0]["name"] = "plain";
  config["arms"][0]["published_seconds"] = {1.0};
  config["arms"][1]["estimators"][0]["last_index"] = 50;
  config["arms"][1]["name"] = "M 20";
  try {
    resolve_config(config, "test");
    ADD_FAILURE() << "resolved";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::config);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("/micro_batch"), HasSubstr("/arms/0/name"), HasSubstr("/arms/0/published_seconds"),
                                    HasSubstr("/arms/1/estimators/0"), HasSubstr("/arms/1/name")));
  }
}

TEST(CostConfig, OtherArmsDoNotCompareAndMoreRepeatsDo) {
  const auto comparable = [](const Json& config) { return resolve_config(config, "test").protocol->comparable(); };
  Json more = kConfig, other = kConfig;
  more["repeats"] = 9;
  other["arms"][0]["estimators"][0]["passes"] = 4;
  EXPECT_EQ(comparable(more), comparable(kConfig));
  EXPECT_NE(comparable(other), comparable(kConfig));
}

}  // namespace
}  // namespace alea
