#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/config.h"
#include "hdf5/hdf5.h"
#include "store/store.h"
#include "tests/support/process.h"

namespace alea::testing {
namespace {

using ::testing::HasSubstr;

std::string config_path(const std::string& name) { return ALEA_SOURCE_DIR "/protocols/configs/" + name + ".json"; }

Ended run_config(const std::string& name, const fs::path& folder, const std::vector<std::string>& sets = {},
                 const std::string& command = "run", std::vector<std::string> more = {}) {
  std::vector<std::string> words{command, config_path(name), "--out", folder.string(), "--threads", "1"};
  for (const std::string& set : sets) words.insert(words.end(), {"--set", set});
  words.insert(words.end(), more.begin(), more.end());
  return run_alea(words);
}

Json record_of(const fs::path& folder) { return read_json_file(folder / "record.json"); }

Json row_of(const Json& record, const std::string& name) {
  for (const Json& row : record.at("metrics"))
    if (row.at("name") == name) return row;
  ADD_FAILURE() << "no row " << name;
  return {{"value", 0}, {"interval", nullptr}, {"leave_one_out", Json::array()}, {"details", Json::object()}};
}

double value_of(const Json& record, const std::string& name) { return row_of(record, name).at("value").get<double>(); }

std::string curve_bytes(const fs::path& folder, const std::string& name) {
  const std::string bytes = file_text(folder / "curves.h5");
  const Bytes curve = read_hdf5_image(std::as_bytes(std::span(bytes)), "curves.h5", name).arrays.at(name).bytes;
  return {reinterpret_cast<const char*>(curve.data()), curve.size()};
}

TEST(SweepOverPasses, OneRunHasTheScoresOfThree) {
  const TemporaryFolder folder;
  const Ended ended = run_config("sweep.toy", folder / "sweep");
  ASSERT_EQ(ended.status, 0) << ended.out << ended.err;
  const Json sweep = record_of(folder / "sweep");
  EXPECT_EQ(sweep.at("cost").at("extra"), 8 * 3);
  std::set<std::string> different;
  for (const int m : {2, 4, 8}) {
    const fs::path alone = folder / std::to_string(m);
    ASSERT_EQ(run_config("smoke.toy", alone, {fmt::format("/estimators/0/passes={}", m)}).status, 0);
    const std::string suffix = m == 8 ? "" : fmt::format(".m{}", m);
    for (const char* statistic : {"aleatoric.variance", "aleatoric.centred"}) {
      const std::string scores = curve_bytes(alone, fmt::format("step_scores/{}", statistic));
      EXPECT_EQ(curve_bytes(folder / "sweep", fmt::format("step_scores/{}{}", statistic, suffix)), scores) << m;
      different.insert(scores);
    }
    EXPECT_EQ(value_of(sweep, fmt::format("fd.pixels.kept.m{}", m)), value_of(record_of(alone), "fd.pixels.kept"));
  }
  EXPECT_EQ(different.size(), 6u);
}

TEST(SweepOverPasses, DifferencesArePairedAndSayHowManyImagesAreTheSame) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_config("sweep.toy", folder / "run").status, 0);
  const Json record = record_of(folder / "run");
  for (const auto& [more, fewer] : {std::pair{4, 2}, {8, 2}, {8, 4}}) {
    const Json gain = row_of(record, fmt::format("gain.fd.pixels.kept.m{}.over.m{}", more, fewer)),
               high = row_of(record, fmt::format("fd.pixels.kept.m{}", more)),
               low = row_of(record, fmt::format("fd.pixels.kept.m{}", fewer));
    EXPECT_EQ(gain.at("value").get<double>(), low.at("value").get<double>() - high.at("value").get<double>());
    for (std::size_t g = 0; g < 32; ++g)
      EXPECT_EQ(gain.at("leave_one_out")[g].get<double>(),
                low.at("leave_one_out")[g].get<double>() - high.at("leave_one_out")[g].get<double>());
    // At least keep - (generate - keep) of keep are in both, whatever the scores are.
    EXPECT_GE(gain.at("details").at("shared").get<double>(), (160.0 - 32) / 160);
    EXPECT_LT(gain.at("details").at("shared").get<double>(), 1);
  }
  for (const Json& row : record.at("metrics")) EXPECT_NE(row.at("name"), "fd.pixels.kept");
}

TEST(SweepOverPasses, SaysWhatCannotBeSwept) {
  const TemporaryFolder folder;
  const auto error_of = [&](const std::vector<std::string>& sets) {
    const Ended ended = run_config("sweep.toy", folder / "run", sets);
    EXPECT_EQ(ended.status, 2);
    return ended.err;
  };
  EXPECT_THAT(error_of({"/over=pases"}), HasSubstr("did you mean \"passes\""));
  EXPECT_THAT(error_of({"/passes=[4,2]"}), HasSubstr("/passes"));
  EXPECT_THAT(error_of({"/estimators/0/passes=5"}), HasSubstr("/estimators/0/passes"));
  EXPECT_THAT(error_of({"/rank_by=aleatoric.variance.m2"}), HasSubstr("/rank_by"));
  EXPECT_THAT(error_of({"/genrate=5"}), HasSubstr("did you mean \"generate\""));
}

class SweepOverGuidance : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    const Ended ended = run_config("sweep_guidance.toy", *folder_ / "run");
    ASSERT_EQ(ended.status, 0) << ended.out << ended.err;
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static fs::path path(const std::string& name) { return *folder_ / name; }
  static Array gathered(const std::string& name, const std::string& array) {
    return Store::open(path(name)).gather("blocks", array);
  }
  static inline std::unique_ptr<TemporaryFolder> folder_;
};

TEST_F(SweepOverGuidance, ACellIsTheGuidanceProtocolOnTheSameIds) {
  const Ended ended = run_config("sweep_guidance.toy", path("from_0"), {"/first_id=0"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  const Json sweep = record_of(path("from_0"));
  for (const auto& [quantile, lambda] : {std::pair{0.5, 1.0}, {0.8, 0.1}}) {
    const fs::path folder = path(fmt::format("guidance_{}", quantile));
    const Ended alone = run_config("guidance.toy", folder,
                                   {fmt::format("/guide/quantile={}", quantile), fmt::format("/guide/lambda={}", lambda)});
    ASSERT_EQ(alone.status, 0) << alone.err;
    const Json guidance = record_of(folder);
    const std::string cell = fmt::format("p{:g}.l{:g}", 100 * quantile, lambda);
    EXPECT_EQ(value_of(sweep, "fd.pixels.unguided"), value_of(guidance, "fd.pixels.unguided"));
    EXPECT_EQ(value_of(sweep, "fd.pixels.guided." + cell), value_of(guidance, "fd.pixels.guided"));
    EXPECT_EQ(value_of(sweep, "guidance.ratio." + cell), value_of(guidance, "guidance.ratio"));
    const Json gain = row_of(sweep, "gain.fd.pixels.guided." + cell), expected = row_of(guidance, "gain.fd.pixels.guided");
    for (const char* key : {"value", "interval", "leave_one_out"}) EXPECT_EQ(gain.at(key), expected.at(key)) << key;
    for (const char* key : {"randomisation_p", "sd_over_swaps"})
      EXPECT_EQ(gain.at("details").at(key), expected.at("details").at(key)) << key;
  }
}

TEST_F(SweepOverGuidance, EveryArmHasTheSameIdsBehindThoseOfGuidance) {
  const Array ids = gathered("run", "ids");
  ASSERT_EQ(ids.elements(), 5u * 192);
  for (std::uint64_t row = 0; row < ids.elements(); ++row) EXPECT_EQ(ids.as<std::uint64_t>()[row], 192 + row % 192);
  const Json record = record_of(path("run"));
  EXPECT_EQ(record.at("data").at("ids"), (Json{{"first", 192}, {"last", 383}}));
  EXPECT_EQ(record.at("samples").at("complete"), 960);
  for (const auto& [what, nfe] : std::map<std::string, int>{{"base", 10}, {"extra", 0}, {"guide", 90}, {"total", 100}})
    EXPECT_EQ(record.at("cost").at(what), nfe) << what;
}

TEST_F(SweepOverGuidance, AnImageIsThatOfItsIdWhereverTheSweepBegins) {
  ASSERT_EQ(run_config("sweep_guidance.toy", path("from_240"), {"/first_id=240", "/quantiles=[0.5]", "/lambdas=[0.1]"}).status,
            0);
  const Array whole = gathered("run", "images"), later = gathered("from_240", "images");
  const std::size_t shift = 48 * 16, arm = 192 * 16, same = arm - shift;  // 16 bytes an image
  for (const std::size_t first : {std::size_t{0}, arm})
    EXPECT_TRUE(
        std::ranges::equal(std::span(whole.bytes).subspan(first + shift, same), std::span(later.bytes).subspan(first, same)));
  EXPECT_FALSE(std::ranges::equal(std::span(whole.bytes).subspan(0, arm), std::span(whole.bytes).subspan(arm, arm)));
}

TEST_F(SweepOverGuidance, TheBestCellIsChosenAgainInEveryGroup) {
  const Json record = record_of(path("run"));
  double largest = -1e9;
  std::vector<double> without(32, -1e9);
  for (const char* cell : {"p50.l0.1", "p50.l1", "p80.l0.1", "p80.l1"}) {
    const Json gain = row_of(record, fmt::format("gain.fd.pixels.guided.{}", cell));
    largest = std::max(largest, gain.at("value").get<double>());
    for (std::size_t g = 0; g < 32; ++g) without[g] = std::max(without[g], gain.at("leave_one_out")[g].get<double>());
  }
  const Json best = row_of(record, "gain.fd.pixels.guided.best");
  EXPECT_EQ(best.at("value").get<double>(), largest);
  EXPECT_EQ(best.at("leave_one_out").get<std::vector<double>>(), without);
  EXPECT_GT(value_of(record, "guidance.ratio.p50.l1"), value_of(record, "guidance.ratio.p50.l0.1"));
  EXPECT_GT(value_of(record, "guidance.ratio.p50.l1"), value_of(record, "guidance.ratio.p80.l1"));
}

TEST_F(SweepOverGuidance, ShardsOfArmsEndWithTheSameBytes) {
  for (const char* shard : {"1/2", "0/2"})
    ASSERT_EQ(run_config("sweep_guidance.toy", path("shards"), {}, "run", {"--shard", shard}).status, 0);
  EXPECT_EQ(result_files(path("shards")), result_files(path("run")));
}

TEST_F(SweepOverGuidance, ALimitedSweepMeasuresTheArmsThatAreWhole) {
  const Ended ended = run_config("sweep_guidance.toy", path("limited"), {}, "run", {"--limit", "450"});
  EXPECT_EQ(ended.status, 3) << ended.err;
  const Json record = record_of(path("limited"));
  EXPECT_EQ(value_of(record, "fd.pixels.guided.p50.l0.1"), value_of(record_of(path("run")), "fd.pixels.guided.p50.l0.1"));
  for (const Json& row : record.at("metrics")) EXPECT_EQ(row.at("name").get<std::string>().find("p50.l1"), std::string::npos);
}

TEST_F(SweepOverGuidance, SaysWhatCannotBeSwept) {
  const auto error_of = [&](const std::string& set) {
    const Ended ended = run_config("sweep_guidance.toy", path("wrong"), {set});
    EXPECT_EQ(ended.status, 2);
    return ended.err;
  };
  EXPECT_THAT(error_of("/guide/lambda=1"), HasSubstr("/guide/lambda"));
  EXPECT_THAT(error_of("/guide/mask=all"), HasSubstr("/guide/mask"));
  EXPECT_THAT(error_of("/generate=200"), HasSubstr("/generate"));
  EXPECT_THAT(error_of("/lambdas=[1,0.1]"), HasSubstr("/lambdas"));
  EXPECT_THAT(error_of("/keep=5"), HasSubstr("/keep"));
}

}  // namespace
}  // namespace alea::testing
