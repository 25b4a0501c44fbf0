#include "run/ledger.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/files.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using alea::testing::TemporaryFolder;

TEST(Ledger, KeepsEverySessionInOrder) {
  const TemporaryFolder folder;
  append_to_ledger(folder.path(), LedgerSession("sample"));
  append_to_ledger(folder.path(), LedgerSession("score"));
  const Json ledger = read_json_file(folder / "ledger.json");
  ASSERT_EQ(ledger["sessions"].size(), 2u);
  EXPECT_EQ(ledger["sessions"][0]["command"], "sample");
  EXPECT_EQ(ledger["sessions"][1]["command"], "score");
}

TEST(Ledger, TwoStagesOfOneNameAddUpAndTheRateCountsGenerationAlone) {
  LedgerSession session("run");
  for (int i = 0; i < 2; ++i) {
    const LedgerSession::Stage stage(session, "generate");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  {
    const LedgerSession::Stage stage(session, "score");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  session.add_images(10);
  const Json json = session.to_json();
  const double seconds = json["seconds"]["generate"].get<double>();
  EXPECT_GE(seconds, 0.04);
  EXPECT_NEAR(json["images_per_second"].get<double>(), 10 / seconds, 1e-9);
  EXPECT_TRUE(json["seconds"].contains("score"));
}

TEST(Ledger, RateIsNullWithoutImages) { EXPECT_TRUE(LedgerSession("score").to_json()["images_per_second"].is_null()); }

TEST(Ledger, DamagedLedgerIsSetAside) {
  const TemporaryFolder folder;
  alea::testing::write_text(folder / "ledger.json", "{\"sessions\": [");
  append_to_ledger(folder.path(), LedgerSession("run"));
  EXPECT_EQ(read_json_file(folder / "ledger.json")["sessions"].size(), 1u);
  EXPECT_TRUE(fs::exists(folder / "ledger.json.damaged"));
}

TEST(Ledger, SecondsOfAllSessionsThatMadeImagesAddUpByStatistic) {
  const TemporaryFolder folder;
  EXPECT_EQ(generation_seconds(folder.path()).images, 0u);
  const auto session = [&](std::uint64_t images, const Json& seconds) {
    LedgerSession out("run");
    out.add_images(images);
    out.set("generation_seconds", seconds);
    append_to_ledger(folder.path(), out);
  };
  const auto seconds = [](double base, double of_two) {
    return Json{{"base", base}, {"estimators", {{{"statistics", {"a.x", "a.y"}}, {"seconds", of_two}}}}};
  };
  session(10, seconds(4, 2));
  session(0, seconds(9, 9));  // scored alone
  session(5, nullptr);        // on a GPU
  session(20, seconds(8, 3));
  const GenerationSeconds sum = generation_seconds(folder.path());
  EXPECT_EQ(sum.images, 30u);
  EXPECT_EQ(sum.base, 12);
  EXPECT_EQ(sum.by_statistic, (std::map<std::string, double>{{"a.x", 5}, {"a.y", 5}}));
}

TEST(Ledger, ThreadsThatAppendAtOnceLoseNothing) {
  const TemporaryFolder folder;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 5; ++j) append_to_ledger(folder.path(), LedgerSession("sample"));
    });
  threads.clear();
  EXPECT_EQ(read_json_file(folder / "ledger.json")["sessions"].size(), 20u);
}

}  // namespace
}  // namespace alea
