#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "core/config.h"
#include "tests/support/process.h"

/// alea reproduce on a list of toy rows, and the plan of the real one.

namespace alea::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const fs::path kConfigs = ALEA_SOURCE_DIR "/protocols/configs";

Json row(const std::string& table, const std::string& system, const std::string& config) {
  return {{"table", table}, {"row", system}, {"size", "smoke"}, {"config", config}};
}

/// Two rows of one filtering run and one of guidance, beside the paper's tables.
class ToyList : public ::testing::Test {
 protected:
  ToyList() {
    fs::create_directories(folder_ / "configs");
    for (const char* name : {"smoke.toy.json", "guidance.toy.json"})
      fs::copy_file(kConfigs / name, folder_ / (std::string("configs/") + name));
    Json system = {{"name", "toy"},        {"model", "Mixture"},       {"data", "none"}, {"forwards_per_second", 1000},
                   {"rate_of", "a guess"}, {"training_images", "none"}};
    list_ = {
        {"published", ALEA_SOURCE_DIR "/results/paper/2412.00205.json"},
        {"columns",
         {{"table1", {{"random", "{fd}.random"}, {"gain.ours", "gain.{fd}.kept"}}}, {"table3", {{"gain", "gain.{fd}.guided"}}}}},
        {"systems", {system}},
        {"rows",
         {row("table1", "toy", "configs/smoke.toy.json"), row("fig3", "toy", "configs/smoke.toy.json"),
          row("table3", "toy", "configs/guidance.toy.json")}}};
    write_list();
  }

  void write_list() const { write_text(folder_ / "list.json", list_.dump()); }
  void add_config(const std::string& name, const std::string& table, const std::string& pointer, const Json& value) {
    Json config = read_json_file(kConfigs / "smoke.toy.json");
    config[Json::json_pointer(pointer)] = value;
    write_text(folder_ / ("configs/" + name + ".json"), config.dump());
    list_["rows"].push_back(row(table, "toy", "configs/" + name + ".json"));
    write_list();
  }
  std::vector<std::string> words(const std::string& table, const std::string& out, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"reproduce", table,   "--list", (folder_ / "list.json").string(),
                                   "--size",    "smoke", "--out",  (folder_ / out).string(),
                                   "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  const TemporaryFolder folder_;
  Json list_;
};

TEST_F(ToyList, RunsEachConfigOnceAndPrintsEveryTable) {
  const Ended ended = run_alea(words("all", "out"));
  ASSERT_EQ(ended.status, 0) << ended.out << ended.err;
  for (const char* part : {"Table 1: FID of 50,000", "Figure 3", "Table 3: FID of 10,000", "Mixture", "smoke, VALID", "MDE",
                           "The model is a toy with an exact score"})
    EXPECT_THAT(ended.out, HasSubstr(part));
  EXPECT_THAT(ended.err, HasSubstr("run 2 of 2"));
  const auto before = result_files(folder_ / "out");
  const Ended again = run_alea(words("all", "out", {"--format", "json"}));
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_THAT(differing(before, result_files(folder_ / "out")), IsEmpty());
  EXPECT_EQ(read_json_file(folder_ / "out/configs/smoke.toy/ledger.json").at("sessions").size(), 1u) << "made once";
  const Json cells = Json::parse(again.out).at("tables")[0].at("rows")[0].at("cells");
  const Json record = read_json_file(folder_ / "out/configs/smoke.toy/record.json");
  for (const Json& metric : record.at("metrics"))
    if (metric.at("name") == "gain.fd.pixels.kept") {
      EXPECT_EQ(cells.at("gain.ours").at("ours").at("value"), metric.at("value"));
      EXPECT_EQ(cells.at("gain.ours").at("ours").at("n"), 160);
    }
  EXPECT_TRUE(cells.at("gain.ours").at("published").at("value").is_null());
  EXPECT_TRUE(cells.at("ours").at("ours").is_null()) << "no column of the list";
}

TEST_F(ToyList, WritesMarkdownAndLatex) {
  ASSERT_EQ(run_alea(words("table3", "out")).status, 0);
  EXPECT_THAT(run_alea(words("table3", "out", {"--format", "md"})).out, HasSubstr("### Table 3"));
  EXPECT_THAT(run_alea(words("table3", "out", {"--format", "latex"})).out, HasSubstr("\\begin{tabular}{llll}"));
}

TEST_F(ToyList, AMissingFileCostsItsRowAlone) {
  add_config("missing", "table4", "/reference", "nowhere/train.npz");
  const Ended ended = run_alea(words("all", "out"));
  EXPECT_EQ(ended.status, 4) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("smoke, not run"));
  EXPECT_THAT(ended.out, HasSubstr("run `alea stats build none --network pixels --out "));
  EXPECT_THAT(ended.out, HasSubstr("smoke, VALID"));
  EXPECT_TRUE(fs::exists(folder_ / "out/configs/guidance.toy/record.json")) << "the rows after it ran";
  EXPECT_FALSE(fs::exists(folder_ / "out/configs/missing"));
}

TEST_F(ToyList, AnInvalidRecordIsStatus3) {
  add_config("blind", "table4", "/planted_strengths", {1e-6, 2e-6, 3e-6});
  const Ended ended = run_alea(words("all", "out"));
  EXPECT_EQ(ended.status, 3) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("smoke, INVALID"));
  EXPECT_THAT(ended.out, HasSubstr("the measurement is blind"));
}

TEST_F(ToyList, KilledAnywhereTheSameCommandGoesOnToTheSameBytes) {
  ASSERT_EQ(run_alea(words("all", "whole")).status, 0);
  const auto whole = result_files(folder_ / "whole");
  int operation = 3;
  for (const int step : {9, 33, 20, 31}) {
    const Ended killed = run_alea(words("all", "out"), {{"ALEA_FAULT", std::to_string(operation) + ":KILL"}});
    EXPECT_EQ(killed.status, 128 + SIGKILL) << operation;
    operation = step;
  }
  const Ended ended = run_alea(words("all", "out"));
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(differing(result_files(folder_ / "out"), whole), IsEmpty());
  EXPECT_EQ(ended.out, run_alea(words("all", "whole")).out);
}

TEST_F(ToyList, ASignalIsStatus130AndResumable) {
  list_["rows"] = Json::array();
  add_config("long", "table1", "/sampler/steps", 1000);
  Process process(words("all", "out"));
  while (process.running() && !fs::exists(folder_ / "out/configs/long/blocks"))
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  process.send(SIGINT);
  const Ended ended = process.wait();
  EXPECT_EQ(ended.status, 130) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("the same command goes on"));
  EXPECT_THAT(ended.out, IsEmpty());
}

TEST_F(ToyList, AnEditedConfigMeetsTheFolderOfTheOldOne) {
  ASSERT_EQ(run_alea(words("table1", "out")).status, 0);
  Json config = read_json_file(kConfigs / "smoke.toy.json");
  config["seed"] = 2;
  write_text(folder_ / "configs/smoke.toy.json", config.dump());
  const Ended ended = run_alea(words("table1", "out"));
  EXPECT_EQ(ended.status, 3) << ended.out;
  EXPECT_THAT(ended.err, HasSubstr("/seed"));
}

TEST(ReproducePlan, SaysWhatIsMissingAndTouchesNothing) {
  const TemporaryFolder folder;
  const Ended ended =
      run_alea({"reproduce", "all", "--dry-run", "--out", (folder / "out").string()}, {{"ALEA_WEIGHTS", folder.path().string()}});
  ASSERT_EQ(ended.status, 0) << ended.err;
  for (const char* part :
       {"table1  ", "imagenet512.uvit", "`scripts/fetch adm64`", "`scripts/fetch inception`",
        "`alea stats build imagenet64/train --out ", "table5,table6  ", "fig3  ", "fig11  ", "forwards a second", "to do"})
    EXPECT_THAT(ended.out, HasSubstr(part));
  EXPECT_FALSE(fs::exists(folder / "out"));
  const Ended json =
      run_alea({"reproduce", "table1", "--rows", "imagenet128.adm", "--dry-run", "--rate", "100", "--format", "json"},
               {{"ALEA_WEIGHTS", folder.path().string()}});
  const Json run = Json::parse(json.out).at("runs")[0];
  EXPECT_EQ(run.at("forwards"), 60000 * 70);
  EXPECT_NEAR(run.at("hours").get<double>(), 60000 * 70 / 100.0 / 3600, 1e-9);
  EXPECT_EQ(run.at("state"), "missing");
}

TEST(ReproducePlan, WrongWordsAreStatus2) {
  EXPECT_EQ(run_alea({"reproduce", "table9"}).status, 2);
  EXPECT_EQ(run_alea({"reproduce", "table1", "--size", "huge"}).status, 2);
  EXPECT_EQ(run_alea({"reproduce", "table1", "--rows", "imagenet46.adm"}).status, 2);
  EXPECT_EQ(run_alea({"reproduce", "table1", "--format", "pdf"}).status, 2);
  EXPECT_EQ(run_alea({"reproduce"}).status, 2);
}

}  // namespace
}  // namespace alea::testing
