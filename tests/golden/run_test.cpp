#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config.h"
#include "core/files.h"
#include "results/record.h"
#include "tests/support/smoke.h"

namespace alea::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(Run, ToyEndsWithAValidRecordAndATableOnStdout) {
  const TemporaryFolder folder;
  const Ended ended = run_alea(smoke(folder / "run"));
  ASSERT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Result: VALID"));
  EXPECT_THAT(ended.out, HasSubstr("fd.pixels.kept"));
  const Record record = read_record(folder / "run/record.json");
  EXPECT_TRUE(record.invalid_reasons.empty());
  EXPECT_EQ(record.samples["complete"], 192);
  EXPECT_EQ(record.cost["base"], 10);
  EXPECT_EQ(record.cost["extra"], 9);
  EXPECT_EQ(record.model["kind"], "toy_mixture");
  EXPECT_EQ(record.data["features"]["network"], "pixels");
  EXPECT_EQ(record.provenance["numerics"], (Json{{"device", "cpu"}, {"kernels", "fused"}}));
  for (const char* library : {"torch", "hdf5", "blas"}) EXPECT_TRUE(record.provenance["libraries"].contains(library)) << library;
  EXPECT_TRUE(fs::exists(folder / "run/gallery.png"));
}

TEST(Run, RecordHasTheHashOfEveryFileItRestsOn) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_alea(smoke(folder / "run")).status, 0);
  const Record record = read_record(folder / "run/record.json");
  std::map<std::string, std::string> listed;
  for (const auto& item : record.arrays) listed[item["file"]] = item["sha256"];
  EXPECT_EQ(listed.size(), 4u + 4u + 1u);  // blocks, features, curves
  for (const auto& [file, sha256] : listed) EXPECT_EQ(sha256_file(folder / ("run/" + file)), sha256) << file;
}

TEST(Run, JsonOnStdoutIsTheRecord) {
  const TemporaryFolder folder;
  const Ended ended = run_alea(smoke(folder / "run", {"--json"}));
  ASSERT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.out, file_text(folder / "run/record.json"));
}

TEST(Run, AgainChangesNothing) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_alea(smoke(folder / "run")).status, 0);
  ASSERT_EQ(run_alea(smoke(folder / "run")).status, 0);
  EXPECT_THAT(differing(result_files(folder / "run"), undisturbed()), IsEmpty());
  EXPECT_EQ(read_json_file(folder / "run/ledger.json")["sessions"].size(), 2u);
}

TEST(Run, TwoThreadsMakeTheBytesOfOne) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_alea({"run", kSmokeConfig, "--out", (folder / "run").string(), "--threads", "2"}).status, 0);
  EXPECT_THAT(differing(result_files(folder / "run"), undisturbed()), IsEmpty());
}

TEST(Run, SampleThenScoreIsRun) {
  const TemporaryFolder folder;
  const std::string run = (folder / "run").string();
  const Ended sampled = run_alea({"sample", kSmokeConfig, "--out", run});
  ASSERT_EQ(sampled.status, 0) << sampled.err;
  EXPECT_THAT(sampled.out, IsEmpty());
  EXPECT_FALSE(fs::exists(folder / "run/record.json"));
  const Ended scored = run_alea({"score", run});
  ASSERT_EQ(scored.status, 0) << scored.err;
  EXPECT_THAT(differing(result_files(folder / "run"), undisturbed()), IsEmpty());
}

TEST(Run, ShardsMakeTheBytesOfOneRunAndTheLastOneScores) {
  const TemporaryFolder folder;
  const Ended first = run_alea(smoke(folder / "run", {"--shard", "0/2"}));
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.out, IsEmpty());
  EXPECT_THAT(first.err, HasSubstr("2 of 4 blocks"));
  const Ended second = run_alea(smoke(folder / "run", {"--shard", "1/2"}));
  ASSERT_EQ(second.status, 0) << second.err;
  EXPECT_THAT(second.out, HasSubstr("Result: VALID"));
  EXPECT_THAT(differing(result_files(folder / "run"), undisturbed()), IsEmpty());
}

TEST(Run, LimitMakesTheRecordInvalidAndTheFolderAnother) {
  const TemporaryFolder folder;
  const Ended limited = run_alea(smoke(folder / "run", {"--limit", "176"}));
  EXPECT_EQ(limited.status, 3) << limited.err;
  const Record record = read_record(folder / "run/record.json");
  ASSERT_FALSE(record.invalid_reasons.empty());
  EXPECT_EQ(record.invalid_reasons[0], "limited to 176 of 192 samples");
  EXPECT_EQ(run_alea({"score", (folder / "run").string()}).status, 3);
  const Ended whole = run_alea(smoke(folder / "run"));
  EXPECT_EQ(whole.status, 3);
  EXPECT_THAT(whole.err, HasSubstr("/limit"));
}

TEST(Run, SetChangesTheIdentityAndSeedLeavesRunsComparable) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_alea(smoke(folder / "a")).status, 0);
  run_alea(smoke(folder / "b", {"--set", "/seed=2"}));
  const Record a = read_record(folder / "a/record.json"), b = read_record(folder / "b/record.json");
  EXPECT_NE(a.config_sha256, b.config_sha256);
  EXPECT_EQ(a.comparable_sha256, b.comparable_sha256);
  run_alea(smoke(folder / "c", {"--set", "/sampler/steps=12"}));
  EXPECT_NE(read_record(folder / "c/record.json").comparable_sha256, a.comparable_sha256);
}

TEST(Run, WithoutOutGoesBelowTheRunsFolder) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_alea({"run", kSmokeConfig, "-q"}, {{"ALEA_RUNS", folder.path().string()}}).status, 0);
  EXPECT_TRUE(fs::exists(folder / "smoke.toy/record.json"));
}

TEST(Run, QuietSaysNothingOnStderr) {
  const TemporaryFolder folder;
  EXPECT_THAT(run_alea(smoke(folder / "run", {"-q"})).err, IsEmpty());
}

}  // namespace
}  // namespace alea::testing
