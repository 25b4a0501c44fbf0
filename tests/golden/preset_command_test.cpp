// --preset, as a user says it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config.h"
#include "tests/support/process.h"

namespace alea::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kConfigs = ALEA_SOURCE_DIR "/protocols/configs/";

TEST(PresetCommand, TheRecordNamesThePresetAndWhatLeavesIt) {
  const TemporaryFolder folder;
  const Ended ended = run_alea({"run", kConfigs + "guidance.toy.json", "--out", (folder / "run").string(), "--preset",
                                "official-code", "--set", "/sampler/steps=20", "--threads", "1"});
  const Json record = read_json_file(folder / "run" / "record.json");
  EXPECT_EQ(record.at("preset"), "official-code") << ended.err;
  EXPECT_EQ(record.at("config").at("guide").at("variant"), "v4");
  EXPECT_EQ(record.at("cost").at("base"), 5);
  const auto departures = record.at("departures").get<std::vector<std::string>>();
  EXPECT_THAT(departures, Contains("/guide/lambda is 1.0, the preset official-code's 0.1."));
  EXPECT_THAT(departures, Contains("/sampler/steps is 20, the preset official-code's 50."));
  EXPECT_THAT(departures, Contains(HasSubstr("steps over 4")));
  const Ended again = run_alea({"score", (folder / "run").string()});
  EXPECT_EQ(again.status, ended.status) << again.err;
  EXPECT_EQ(read_json_file(folder / "run" / "record.json"), record);
}

TEST(PresetCommand, FiltersOfEitherPresetKeepAsManyAsItSays) {
  const TemporaryFolder folder;
  const auto record_of = [&](const char* preset) {
    run_alea({"run", kConfigs + "smoke.toy.json", "--out", (folder / preset).string(), "--preset", preset, "--threads", "1"});
    return read_json_file(folder / preset / "record.json");
  };
  const Json paper = record_of("paper"), official = record_of("official-code");
  const auto kept = [](const Json& record) {
    for (const Json& row : record.at("metrics"))
      if (row.at("name") == "fd.pixels.kept") return row.at("n").get<int>();
    return 0;
  };
  EXPECT_EQ(kept(paper), 160);
  EXPECT_EQ(kept(official), 128);
  EXPECT_NE(paper.at("comparable_sha256"), official.at("comparable_sha256"));
  EXPECT_THAT(paper.at("departures").get<std::vector<std::string>>(), Not(Contains(HasSubstr("the preset"))));
}

TEST(PresetCommand, AnUnknownPresetIsAnErrorOfTheConfig) {
  const Ended ended = run_alea({"validate", kConfigs + "smoke.toy.json", "--preset", "offical-code"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, HasSubstr("did you mean \"official-code\"?"));
}

}  // namespace
}  // namespace alea::testing
