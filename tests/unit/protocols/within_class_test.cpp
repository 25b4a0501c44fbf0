#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "asked_sets.h"
#include "metrics/kid.h"
#include "metrics/precision_recall.h"

namespace alea {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

/// A FakeRun whose images are of two classes: those of class 1 score far above those of class 0, good or bad.
struct TwoClasses : FakeRun {
  explicit TwoClasses(const std::string& name) : FakeRun(name) {
    const Json manifest = {
        {"module", "net.pt"}, {"sha256", ""}, {"shape", {1, 4, 4}}, {"n_classes", 2}, {"schedule", {{"kind", "linear"}}}};
    atomic_write(folder / "net.json", manifest.dump());
    config["model"] = {{"kind", "exported"}, {"manifest", (folder / "net.json").string()}};
    write_reference();
  }

  static std::uint64_t label(std::uint64_t id) { return (id / 2) % 2; }

  double score(const std::string& statistic, std::uint64_t id) const override {
    return FakeRun::score(statistic, id) + (statistic == "aleatoric.variance" && label(id) == 1 ? 1000 : 0);
  }
  void add_arrays(const BlockRange& range, ArrayMap& out) const override {
    std::vector<std::uint64_t> labels;
    for (std::uint64_t id = range.first; id < range.first + range.count; ++id) labels.push_back(label(id));
    out["labels"] = make_array<std::uint64_t>(labels, {range.count});
  }
};

std::array<int, 2> bad_and_all_kept(const FakeRun::Outcome& outcome, std::uint64_t label) {
  std::array<int, 2> counts{};
  const auto mask = outcome.curves.at("kept/aleatoric.variance.lowest").as<std::uint8_t>();
  for (std::uint64_t id = 0; id < mask.size(); ++id) {
    if (!mask[id] || TwoClasses::label(id) != label) continue;
    counts[0] += FakeRun::is_bad(id);
    ++counts[1];
  }
  return counts;
}

TEST(WithinClass, KeepsTheSameShareOfEachClassByItsOwnRanking) {
  TwoClasses run("within");
  run.config["within_class"] = true;
  const FakeRun::Outcome outcome = run.score_all();
  for (const std::uint64_t label : {0, 1}) {
    EXPECT_EQ(bad_and_all_kept(outcome, label)[1], 80) << "160 of 192 are kept, and each class has 96";
    EXPECT_EQ(bad_and_all_kept(outcome, label)[0], 0) << "each has 13 or 14 bad ones and loses 16";
  }
  EXPECT_GT(row_of(outcome.record, "gain.fd.pixels.kept").interval->low, 0);
  EXPECT_EQ(row_of(outcome.record, "fd.pixels.kept").details.at("note"), "lowest of aleatoric.variance in each class");
  EXPECT_THAT(outcome.record.departures, Contains(HasSubstr("every class")));
}

TEST(WithinClass, WithoutItTheClassOfHighScoresLosesItsGoodImages) {
  TwoClasses run("together");
  const FakeRun::Outcome outcome = run.score_all();
  EXPECT_EQ(bad_and_all_kept(outcome, 0)[1], 96);
  EXPECT_EQ(bad_and_all_kept(outcome, 1)[1], 64);
  EXPECT_GT(bad_and_all_kept(outcome, 0)[0], 0);
}

TEST(WithinClass, IsPartOfTheIdentityOnlyWhereItIsChosen) {
  TwoClasses run("identity");
  const ResolvedConfig without = resolve_config(run.config, "test");
  run.config["within_class"] = true;
  const ResolvedConfig with = resolve_config(run.config, "test");
  EXPECT_FALSE(without.config.contains("within_class"));
  EXPECT_FALSE(without.protocol->plan().labels);
  EXPECT_TRUE(with.config.at("within_class").get<bool>());
  EXPECT_TRUE(with.protocol->plan().labels);
  EXPECT_NE(with.protocol->comparable(), without.protocol->comparable());
}

TEST(WithinClass, IsRefusedForAModelWithoutClasses) {
  FakeRun run("no_classes");
  run.config["within_class"] = true;
  try {
    resolve_config(run.config, "test");
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::config);
    EXPECT_THAT(error.what(), HasSubstr("/within_class  toy_mixture has no classes"));
  }
}

TEST(EstimatorNfe, StandsBesideEveryRowOfAScore) {
  FakeRun run("nfe");
  run.write_reference();
  const Record record = run.score_all().record;
  const auto nfe = [&](const std::string& row, const char* key) { return row_of(record, row).details.at(key).get<int>(); };
  EXPECT_EQ(nfe("gain.fd.pixels.kept", "nfe_extra"), 9);
  EXPECT_EQ(nfe("gain.fd.pixels.kept.aleatoric.centred.highest", "nfe_extra"), 9);
  EXPECT_EQ(nfe("gain.fd.pixels.kept.aleatoric.centred.highest", "nfe_total"), 19);
  for (const char* free : {"free.eps_energy", "free.edges", "random.score"}) {
    EXPECT_EQ(nfe(fmt::format("fd.pixels.kept.{}.lowest", free), "nfe_extra"), 0) << free;
    EXPECT_EQ(nfe(fmt::format("fd.pixels.kept.{}.lowest", free), "nfe_total"), 10) << free;
  }
}

TEST(WithinClass, HoldsForPrecisionAndTheKernelDistanceToo) {
  TwoClasses run("within_sets");
  ask_for_sets(run);
  run.config["within_class"] = true;
  const FakeRun::Outcome outcome = run.score_all();
  const auto mask = outcome.curves.at("kept/aleatoric.variance.lowest").as<std::uint8_t>();
  std::vector<float> kept;
  for (std::uint64_t id = 0; id < mask.size(); ++id)
    if (mask[id] != 0)
      for (const float v : FakeRun::features_of(FakeRun::image(id, FakeRun::is_bad(id), 1))) kept.push_back(v);
  const FeatureView view{kept, 160, FakeRun::kPixels};
  const auto pixels = real_pixels();
  const FeatureView real{pixels, kRealImages, FakeRun::kPixels};
  const ManifoldMetrics expected = manifold_metrics(real, view, {}, {.k = 3});
  EXPECT_EQ(*row_of(outcome.record, "precision.pixels.kept").value, expected.precision.value);
  EXPECT_EQ(*row_of(outcome.record, "recall.pixels.kept").value, expected.recall.value);
  EXPECT_NEAR(*row_of(outcome.record, "kernel_distance.pixels.kept").value, squared_mmd(real, view), 1e-12);
  EXPECT_THAT(row_of(outcome.record, "kernel_distance.pixels.random").details.at("note").get<std::string>(),
              HasSubstr("within classes"));
  EXPECT_GT(*row_of(outcome.record, "gain.precision.pixels.kept").value, 0);
}

}  // namespace
}  // namespace alea
