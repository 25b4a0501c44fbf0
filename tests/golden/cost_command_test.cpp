// The cost protocol as a user runs it. Seconds differ from run to run: what is asserted is what must hold whatever they are.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "results/record.h"
#include "tests/support/process.h"
#include "tests/unit/results/json_schema.h"

namespace alea::testing {
namespace {

using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::HasSubstr;

constexpr int kArms = 3, kRepeats = 6;

class CostCommand : public ::testing::Test {
 protected:
  CostCommand() {
    const Json aleatoric = {{"kind", "aleatoric"}, {"passes", 20}, {"first_index", 5}, {"last_index", 8}};
    const Json config = {{"protocol", "cost"},
                         {"model", {{"kind", "toy_mixture"}, {"height", 16}, {"width", 16}}},
                         {"sampler", {{"kind", "ddim"}, {"steps", 10}}},
                         {"arms", {{{"name", "m20"}, {"estimators", {aleatoric}}}}},
                         {"images", 16},
                         {"micro_batch", 8},
                         {"repeats", kRepeats}};
    atomic_write(config_, config.dump());
  }

  Ended run(const fs::path& folder, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"run", config_.string(), "--out", folder.string(), "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return run_alea(words);
  }

  const TemporaryFolder folder_;
  const fs::path config_ = folder_ / "cost.json", run_ = folder_ / "run";
};

/// VALID, or INVALID for a machine that was disturbed.
void expect_scored(const Ended& ended) { EXPECT_THAT(ended.status, AnyOf(Eq(0), Eq(3))) << ended.err; }

double value_of(const Record& record, const std::string& name) {
  for (const MetricRow& row : record.metrics)
    if (row.name == name) return row.value.value();
  ADD_FAILURE() << "no row " << name;
  return 0;
}

TEST_F(CostCommand, TimesEveryArmAndTheRecordFollowsFromWhatIsStored) {
  const Ended ended = run(run_);
  expect_scored(ended);
  EXPECT_THAT(ended.out, HasSubstr("ratio.m20"));
  const std::string bytes = file_text(run_ / "record.json");
  const Record record = read_record(run_ / "record.json");
  EXPECT_EQ(
      schema_problems(read_json_file(ALEA_SOURCE_DIR "/results/schema/record.schema.json"), read_json_file(run_ / "record.json")),
      "");
  EXPECT_EQ(record.samples.at("complete"), kArms * kRepeats);
  EXPECT_EQ(record.arrays.size(), kArms * kRepeats + 1u) << "a file a measurement, and curves.h5";
  EXPECT_EQ(value_of(record, "nfe.m20"), 10 + 20 * 4);
  EXPECT_GT(value_of(record, "ratio.m20"), 2) << "nine times the evaluations";
  EXPECT_NEAR(value_of(record, "images_per_second.plain"), 16 / value_of(record, "seconds.plain"),
              0.5 * value_of(record, "images_per_second.plain"));
  fs::remove(run_ / "record.json");
  expect_scored(run_alea({"score", run_.string()}));
  EXPECT_EQ(file_text(run_ / "record.json"), bytes);
  const Json ledger = read_json_file(run_ / "ledger.json");
  EXPECT_EQ(ledger.at("sessions").at(0).at("images"), kArms * kRepeats * 16);
  EXPECT_EQ(ledger.at("sessions").at(0).at("machine").at("is").at("threads"), 1);
}

TEST_F(CostCommand, GoesOnWithTheMeasurementsThatAreMissing) {
  run(run_, {"--json"});
  const auto blocks = result_files(run_);
  fs::path last;
  for (const auto& entry : fs::directory_iterator(run_ / "blocks")) last = std::max(last, entry.path());
  fs::remove(last);
  expect_scored(run(run_));
  int changed = 0;
  for (const auto& [name, bytes] : result_files(run_))
    if (name.starts_with("blocks/") && bytes != blocks.at(name)) ++changed;
  EXPECT_EQ(changed, 1) << "its seconds are others now";
  EXPECT_EQ(read_json_file(run_ / "ledger.json").at("sessions").at(1).at("images"), 16);
}

TEST_F(CostCommand, IsNotSharedOutAndSaysItsSizeBeforeItRuns) {
  const Ended shard = run(run_, {"--shard", "0/2"});
  EXPECT_EQ(shard.status, 2);
  EXPECT_THAT(shard.err, HasSubstr("slow each other"));
  const Ended checked = run_alea({"validate", config_.string()});
  EXPECT_EQ(checked.status, 0) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("18 generations of 16 images to time, 3 arms"));
}

}  // namespace
}  // namespace alea::testing
