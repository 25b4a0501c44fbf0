#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_run.h"

namespace alea {
namespace {

using ::testing::HasSubstr;

/// A FakeRun whose realism is high for good images.
struct WithRealism : FakeRun {
  explicit WithRealism(const std::string& name, const std::string& network = "other") : FakeRun(name) {
    config["realism"] = {{"network", network}, {"real", "fashion-mnist/test"}};
    write_reference();
  }
  std::uint64_t changed_from = 1000;  ///< blocks from this id on say that they looked at other real images

  void add_blocks(const Store& store, const BlockRange& range) const override {
    std::vector<double> scores;
    for (std::uint64_t id = range.first; id < range.first + range.count; ++id)
      scores.push_back((is_bad(id) ? 0.1 : 0.9) + 1e-4 * static_cast<double>(id));
    Array array = make_array<double>(scores, {range.count});
    array.attributes = {{"network_sha256", "n"}, {"real_sha256", range.first < changed_from ? "r" : "q"}};
    store.put_block("features.realism." + config["realism"]["network"].get<std::string>(), range, {{"realism", array}});
  }
};

TEST(Realism, IsAScoreLikeOthersOfWhichTheHighestAreTheBest) {
  const WithRealism run("score");
  const Record record = run.score_all().record;
  EXPECT_GT(row_of(record, "gain.fd.pixels.kept.realism.other.highest").interval->low, 0);
  EXPECT_LT(row_of(record, "gain.fd.pixels.kept.realism.other.lowest").interval->high, 0);
  EXPECT_FALSE(row_of(record, "gain.fd.pixels.kept.realism.other.highest").details.contains("own_features"));
  EXPECT_EQ(
      record.data.at("realism"),
      (Json{{"network", "other"}, {"real", "fashion-mnist/test"}, {"k", 3}, {"network_sha256", "n"}, {"real_sha256", "r"}}));
}

TEST(Realism, InTheMetricsOwnFeaturesIsLabelledAndRanksNothing) {
  WithRealism run("own", "pixels");
  const Record record = run.score_all().record;
  for (const MetricRow& row : record.metrics) {
    const bool is_realism = row.details.value("statistic", "") == "realism.pixels";
    EXPECT_EQ(row.details.value("own_features", false), is_realism) << row.name;
    if (is_realism) EXPECT_THAT(row.details.at("note").get<std::string>(), HasSubstr("own features"));
  }
  run.config["rank_by"] = "realism.pixels";
  try {
    resolve_config(run.config, "test");
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/rank_by"));
    EXPECT_THAT(error.what(), HasSubstr("judge"));
  }
}

TEST(Realism, MayRankInAnotherNetworksFeatures) {
  WithRealism run("rank");
  run.config["rank_by"] = "realism.other";
  run.config["keep_side"] = "highest";
  const Record record = run.score_all().record;
  EXPECT_GT(row_of(record, "gain.fd.pixels.kept").interval->low, 0);
}

TEST(Realism, BlocksOfUnlikeRealImagesAreRefused) {
  WithRealism run("unlike");
  run.changed_from = 96;
  try {
    run.score_all();
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::data);
    EXPECT_THAT(error.what(), HasSubstr("other real images"));
  }
}

TEST(Realism, IsPartOfTheIdentityOnlyWhereItIsChosen) {
  const WithRealism run("identity");
  EXPECT_TRUE(resolve_config(run.config, "test").protocol->plan().realism.has_value());
  EXPECT_FALSE(resolve_config(FakeRun("without").config, "test").config.contains("realism"));
}

}  // namespace
}  // namespace alea
