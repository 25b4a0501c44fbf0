#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config.h"
#include "tests/support/process.h"

namespace alea::testing {
namespace {

using ::testing::HasSubstr;

const std::string kConfig = ALEA_SOURCE_DIR "/protocols/configs/guidance.toy.json";

Ended guidance_run(const fs::path& folder, std::vector<std::string> more = {}) {
  std::vector<std::string> words{"run", kConfig, "--out", folder.string()};
  words.insert(words.end(), more.begin(), more.end());
  return run_alea(words);
}

double value_of(const Json& record, const std::string& name) {
  for (const Json& row : record.at("metrics"))
    if (row.at("name") == name) return row.at("value").get<double>();
  ADD_FAILURE() << "no row " << name;
  return 0;
}

TEST(GuidanceCommand, ComparesTheTwoArmsAndSaysWhatTheyCost) {
  const TemporaryFolder folder;
  const Ended ended = guidance_run(folder / "run", {"--threads", "1"});
  ASSERT_EQ(ended.status, 0) << ended.out << ended.err;
  const Json record = read_json_file(folder / "run" / "record.json");
  const Json& cost = record.at("cost");
  EXPECT_EQ(cost.at("base"), 10);
  EXPECT_EQ(cost.at("extra"), 0);
  EXPECT_EQ(cost.at("guide"), 10 * 9);
  EXPECT_EQ(cost.at("total"), 100);
  EXPECT_TRUE(cost.at("flops").is_null()) << "a toy has no layers";
  EXPECT_GT(value_of(record, "guidance.ratio"), 0);
  EXPECT_NEAR(value_of(record, "gain.fd.pixels.guided"),
              value_of(record, "fd.pixels.unguided") - value_of(record, "fd.pixels.guided"), 1e-12);
  ASSERT_EQ(guidance_run(folder / "again", {"--threads", "2"}).status, 0);
  EXPECT_EQ(result_files(folder / "run"), result_files(folder / "again"));
}

TEST(GuidanceCommand, WithoutStrengthTheArmsAreEqual) {
  const TemporaryFolder folder;
  guidance_run(folder / "run", {"--set", "/guide/lambda=0"});
  const Json record = read_json_file(folder / "run" / "record.json");
  EXPECT_EQ(value_of(record, "gain.fd.pixels.guided"), 0);
  EXPECT_EQ(value_of(record, "guidance.ratio"), 0);
}

TEST(GuidanceCommand, ThresholdsOfOneCommandAreTheMaskOfTheNext) {
  const TemporaryFolder folder;
  const std::string file = (folder / "thresholds.safetensors").string();
  for (const char* per : {"step", "element"}) {
    const Ended made = run_alea({"thresholds", kConfig, "--out", file, "--count", "50", "--per", per});
    ASSERT_EQ(made.status, 0) << made.err;
    EXPECT_THAT(made.out, HasSubstr("ids from 192"));
    const Ended ended = guidance_run(folder / per, {"--set", "/guide/mask=thresholds", "--set", "/guide/thresholds=" + file});
    ASSERT_EQ(ended.status, 0) << ended.out << ended.err;
    EXPECT_EQ(read_json_file(folder / per / "record.json").at("config").at("guide").at("thresholds"), file);
  }
  EXPECT_EQ(guidance_run(folder / "other",
                         {"--set", "/guide/mask=thresholds", "--set", "/guide/thresholds=" + file, "--set", "/sampler/steps=5"})
                .status,
            2);
}

TEST(GuidanceCommand, AFilteringRunMayBeGuided) {
  const TemporaryFolder folder;
  const Ended ended = run_alea({"run", ALEA_SOURCE_DIR "/protocols/configs/smoke.toy.json", "--out", (folder / "run").string(),
                                "--set", "/guide/variant=v7", "--threads", "1"});
  ASSERT_EQ(ended.status, 0) << ended.out << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("The images are guided (variant v7, lambda 0.99)"));
  EXPECT_THAT(ended.out, HasSubstr("guide 150"));
}

}  // namespace
}  // namespace alea::testing
