#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config.h"
#include "tests/support/smoke.h"

namespace alea::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Commands, EveryHelpOpensWithAnExample) {
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{{},
                                                                                       {"run"},
                                                                                       {"sample"},
                                                                                       {"score"},
                                                                                       {"validate"},
                                                                                       {"list"},
                                                                                       {"train"},
                                                                                       {"store"},
                                                                                       {"store", "verify"},
                                                                                       {"store", "ls"},
                                                                                       {"stats"},
                                                                                       {"stats", "build"},
                                                                                       {"stats", "show"},
                                                                                       {"metrics"}}) {
    auto words = command;
    words.push_back("--help");
    const Ended ended = run_alea(words);
    EXPECT_EQ(ended.status, 0);
    EXPECT_THAT(ended.out, StartsWith("Example: alea ")) << ::testing::PrintToString(command);
  }
}

TEST(Commands, VersionIsOnStdout) {
  const Ended ended = run_alea({"--version"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out, StartsWith("0."));
}

TEST(Commands, ListNamesEveryFamily) {
  const std::map<std::string, std::string> members = {{"models", "toy_mixture"},   {"samplers", "ddim"},
                                                      {"estimators", "aleatoric"}, {"metrics", "gain.fd.<network>.kept"},
                                                      {"protocols", "filtering"},  {"datasets", "fashion-mnist/train"}};
  for (const auto& [family, member] : members) {
    const Ended ended = run_alea({"list", family});
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr(member));
    const Json json = parse_json(run_alea({"list", family, "--json"}).out, family);
    EXPECT_TRUE(json.is_array() && !json.empty() && json[0].contains("name"));
  }
}

TEST(Commands, ValidateSaysWhatARunWouldDo) {
  const Ended ended = run_alea({"validate", kSmokeConfig});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, AllOf(StartsWith("ok\n"), HasSubstr("10 + 9 = 19 an image"), HasSubstr("192 in 4 blocks of 48")));
}

TEST(Commands, StoreVerifyFindsADamagedBlockAndRunMakesItAgain) {
  const TemporaryFolder folder;
  const std::string run = (folder / "run").string();
  ASSERT_EQ(run_alea(smoke(run)).status, 0);
  EXPECT_EQ(run_alea({"store", "verify", run}).status, 0);
  EXPECT_THAT(run_alea({"store", "ls", run}).out, AllOf(HasSubstr("4 of 4 blocks"), HasSubstr("smoke.toy")));
  std::string block = file_text(folder / "run/blocks/000001.h5");
  block[block.size() / 2] ^= 1;
  write_text(folder / "run/blocks/000001.h5", block);
  const Ended damaged = run_alea({"store", "verify", run});
  EXPECT_EQ(damaged.status, 4);
  EXPECT_THAT(damaged.out, HasSubstr("damaged"));
  ASSERT_EQ(run_alea(smoke(run)).status, 0);
  auto files = result_files(run);
  files.erase("blocks/000001.h5.damaged");
  EXPECT_TRUE(differing(files, undisturbed()).empty());
}

}  // namespace
}  // namespace alea::testing
