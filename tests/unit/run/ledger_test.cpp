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
