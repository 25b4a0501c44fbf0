#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../results/json_schema.h"
#include "core/files.h"
#include "protocols/protocol.h"
#include "protocols/solver_steps.h"
#include "protocols/stepwise_measure.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Json toy_config() { return read_json_file(fs::path(ALEA_SOURCE_DIR) / "protocols/configs/stepwise.toy.json"); }

const MetricRow& row_of(const Record& record, const std::string& name) {
  for (const MetricRow& row : record.metrics)
    if (row.name == name) return row;
  fail(ErrorCode::internal, "the record has no {}", name);
}

TEST(SolverOutline, HasTheLevelsOfEverySolverIndex) {
  const ResolvedConfig resolved = resolve_config(toy_config(), "toy");
  const Plan& plan = resolved.protocol->plan();
  const SolverOutline outline = outline_of_solver(plan.model, plan.sampler, 1);
  EXPECT_EQ(outline.elements, 64u);
  ASSERT_EQ(outline.steps.size(), 12u);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(outline.steps[i].time, 83 * (11 - static_cast<int>(i)));  // leading: 1000 / 12
    EXPECT_NEAR(std::hypot(outline.steps[i].alpha, outline.steps[i].sigma), 1, 1e-6);
  }
  EXPECT_GT(outline.steps.front().sigma, 0.99);
  EXPECT_NEAR(outline.steps.back().sigma, 0.01, 1e-6);  // beta_0 = 1e-4
}

TEST(SolverOutline, CountsEveryEvaluationOfASolverThatAsksTwiceAStep) {
  ConfigErrors errors;
  const Components c =
      resolve_components({{"kind", "toy_gaussian"}}, {{"kind", "dpm_solver_2"}}, {{{"kind", "random"}}}, 1, errors);
  ASSERT_TRUE(errors.empty());
  const SolverOutline outline = outline_of_solver(c.model, c.sampler, 1);
  ASSERT_EQ(outline.steps.size(), static_cast<std::size_t>(c.n_steps));
  for (std::size_t i = 1; i < outline.steps.size(); ++i) EXPECT_LT(outline.steps[i].sigma, outline.steps[i - 1].sigma);
}

TEST(StepwiseConfig, TakesAllStepsUnlessItSaysOtherwise) {
  const ResolvedConfig resolved = resolve_config(toy_config(), "toy");
  const Json& estimator = resolved.config.at("estimators").at(0);
  EXPECT_EQ(estimator.at("first_index"), 0);
  EXPECT_EQ(estimator.at("last_index"), 11);
  EXPECT_EQ(estimator.at("passes"), 5);
  EXPECT_EQ(resolve_config(resolved.config, "again").config, resolved.config);
  const Json schema = read_json_file(fs::path(ALEA_SOURCE_DIR) / "protocols/schema/stepwise.schema.json");
  EXPECT_EQ(schema_problems(schema, toy_config()), "");
  EXPECT_EQ(schema_problems(schema, resolved.config), "");
  EXPECT_FALSE(resolved.protocol->plan().maps);
}

TEST(StepwiseConfig, RefusesEstimatorsWithoutSteps) {
  Json config = toy_config();
  config["estimators"] = {{{"kind", "random"}}};
  try {
    resolve_config(config, "toy");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/estimators"));
  }
}

/// A run's folder whose scores are known: U of image i at step w is (i + 1) (w + 1) in all 64 elements together.
struct KnownRun {
  testing::TemporaryFolder folder;
  std::uint64_t lost = 0;  ///< ids below aren't finite

  Record record;
  ArrayMap curves;

  void score() {
    const ResolvedConfig resolved = resolve_config(toy_config(), "toy");
    const Store store = Store::open_or_create(folder / "run", resolved.config, 256, 64);
    for (const BlockRange& range : store.blocks()) store.put_block("blocks", range, block(range));
    record.data = Json::object();
    curves = resolved.protocol->score(store, record);
  }

  ArrayMap block(const BlockRange& range) const {
    std::vector<std::uint8_t> finite;
    std::vector<double> scores;
    for (std::uint64_t id = range.first; id < range.first + range.count; ++id) {
      finite.push_back(id < lost ? 0 : 1);
      for (int w = 0; w < 12; ++w) scores.push_back(id < lost ? 0 : static_cast<double>(id + 1) * (w == 7 ? 100 : w + 1));
    }
    ArrayMap out;
    out["finite"] = make_array<std::uint8_t>(finite, {range.count});
    for (const char* name : {"scores/aleatoric.variance", "scores/aleatoric.centred"})
      out[name] = make_array<double>(scores, {range.count, 12});
    return out;
  }
};

TEST(Stepwise, MeansAndSpreadsAreThoseOfTheStoredScoresPerElement) {
  KnownRun run;
  run.score();
  EXPECT_TRUE(run.record.invalid_reasons.empty());
  EXPECT_EQ(run.record.data.at("elements"), 64);
  const MetricRow& first = row_of(run.record, "uncertainty.aleatoric.variance.step0");
  EXPECT_DOUBLE_EQ(*first.value, 128.5 / 64);
  EXPECT_DOUBLE_EQ(first.details.at("sd").get<double>(), std::sqrt(256 * 257 / 12.0) / 64);
  EXPECT_DOUBLE_EQ(first.details.at("p05").get<double>(), (1 + 0.05 * 255) / 64);
  EXPECT_DOUBLE_EQ(first.details.at("p95").get<double>(), (1 + 0.95 * 255) / 64);
  EXPECT_LT(first.interval->low, *first.value);
  EXPECT_DOUBLE_EQ(*row_of(run.record, "uncertainty.aleatoric.variance.step11").value, 12 * 128.5 / 64);
  EXPECT_DOUBLE_EQ(*row_of(run.record, "uncertainty.aleatoric.centred.step10").value, 11 * 128.5 / 64);
  EXPECT_EQ(*row_of(run.record, "uncertainty.aleatoric.variance.peak").value, 7);
  const auto index = run.curves.at("uncertainty/aleatoric.variance/index").as<std::int64_t>();
  EXPECT_THAT(std::vector<std::int64_t>(index.begin(), index.end()), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  EXPECT_DOUBLE_EQ(run.curves.at("uncertainty/aleatoric.variance/p50").as<double>()[2], 3 * 128.5 / 64);
}

TEST(Stepwise, TheInformationIsDividedByTheNoiseOfItsOwnStep) {
  KnownRun run;
  run.score();
  const auto curve = [&](const char* name) { return run.curves.at(fmt::format("{}/aleatoric.centred/mean", name)).as<double>(); };
  const auto sigma = run.curves.at("information/aleatoric.centred/sigma").as<double>();
  for (std::size_t w = 0; w < 12; ++w) EXPECT_DOUBLE_EQ(curve("information")[w], curve("uncertainty")[w] / (sigma[w] * sigma[w]));
  EXPECT_EQ(*row_of(run.record, "information.aleatoric.variance.peak").value, 11);  // 12 / 1e-4
}

TEST(Stepwise, ImagesThatArentFiniteAreLeftOutAndCounted) {
  KnownRun run;
  run.lost = 56;
  run.score();
  EXPECT_EQ(run.record.samples.at("non_finite"), 56);
  EXPECT_EQ(row_of(run.record, "uncertainty.aleatoric.variance.step0").n, 200u);
  EXPECT_DOUBLE_EQ(*row_of(run.record, "uncertainty.aleatoric.variance.step0").value, (57 + 256) / 2.0 / 64);
  ASSERT_EQ(run.record.invalid_reasons.size(), 1u);
  EXPECT_THAT(run.record.invalid_reasons[0], HasSubstr("56 samples aren't finite"));
}

}  // namespace
}  // namespace alea
