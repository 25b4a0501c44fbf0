#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <thread>

#include "core/config.h"
#include "tests/support/smoke.h"

namespace alea::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

void expect_undisturbed_after_resuming(const fs::path& folder) {
  const Ended ended = run_alea(smoke(folder));
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(differing(result_files(folder), undisturbed()), IsEmpty());
}

TEST(Resume, KilledAtAnyFileOperationEndsWithTheBytesOfAnUndisturbedRun) {
  for (const int operation : {1, 2, 5, 7, 9, 12, 14, 18, 23, 29, 36, 41, 47, 50, 53}) {
    const TemporaryFolder folder;
    const Ended killed = run_alea(smoke(folder / "run"), {{"ALEA_FAULT", std::to_string(operation) + ":KILL"}});
    EXPECT_EQ(killed.status, 128 + SIGKILL) << operation;
    expect_undisturbed_after_resuming(folder / "run");
  }
}

TEST(Resume, FullDiskIsAnInputOutputErrorAndTheSameCommandGoesOn) {
  for (const int operation : {2, 8, 17, 40, 52}) {
    const TemporaryFolder folder;
    const Ended starved = run_alea(smoke(folder / "run"), {{"ALEA_FAULT", std::to_string(operation) + ":ENOSPC"}});
    EXPECT_EQ(starved.status, 4) << operation << starved.err;
    expect_undisturbed_after_resuming(folder / "run");
  }
}

TEST(Resume, KilledFiveTimesAtRandomEndsWithTheSameBytes) {
  const TemporaryFolder folder;
  std::minstd_rand random(20240501);
  for (int i = 0; i < 5; ++i) {
    Process process(smoke(folder / "run"));
    std::this_thread::sleep_for(std::chrono::milliseconds(100 + random() % 900));
    process.send(SIGKILL);
    process.wait();
  }
  expect_undisturbed_after_resuming(folder / "run");
}

/// A run long enough to be met in the middle of its work.
std::vector<std::string> long_run(const fs::path& folder) {
  return smoke(folder, {"--set", "/sampler/steps=1000", "--set", "/model/height=16"});
}

TEST(Resume, SignalStopsBetweenMicroBatchesWithStatus130) {
  for (const int number : {SIGINT, SIGTERM}) {
    const TemporaryFolder folder;
    Process process(long_run(folder / "run"));
    while (process.running() && !fs::exists(folder / "run/blocks/000000.h5"))
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    process.send(number);
    const Ended ended = process.wait();
    EXPECT_EQ(ended.status, 130) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("the same command goes on"));
    EXPECT_FALSE(fs::exists(folder / "run/record.json"));
    for (const auto& [name, content] : result_files(folder / "run")) EXPECT_FALSE(name.ends_with(".tmp")) << name;
    EXPECT_TRUE(read_json_file(folder / "run/ledger.json")["sessions"][0].contains("stopped_by"));
  }
}

TEST(Resume, OnlyMissingBlocksAreMadeAgain) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_alea(smoke(folder / "run")).status, 0);
  fs::remove(folder / "run/blocks/000002.h5");
  fs::remove(folder / "run/features.pixels/000000.h5");
  fs::remove(folder / "run/record.json");
  expect_undisturbed_after_resuming(folder / "run");
  EXPECT_EQ(read_json_file(folder / "run/ledger.json")["sessions"][1]["images"], 48);
}

TEST(Resume, TemporariesOfAKilledRunAreRemoved) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_alea(smoke(folder / "run")).status, 0);
  for (const char* name : {"run/record.json.999999999.tmp", "run/blocks/000001.h5.999999999.tmp"})
    write_text(folder / name, "half");
  expect_undisturbed_after_resuming(folder / "run");
}

}  // namespace
}  // namespace alea::testing
