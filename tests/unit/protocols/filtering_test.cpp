#include "protocols/filtering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "../results/json_schema.h"
#include "fake_run.h"
#include "metrics/frechet.h"
#include "protocols/filtering_measure.h"
#include "protocols/half.h"

namespace alea {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// One sound run shared by the tests that only look.
const FakeRun::Outcome& sound_run() {
  static const FakeRun::Outcome outcome = [] {
    FakeRun run("sound");
    run.write_reference();
    return run.score_all();
  }();
  return outcome;
}

Gaussian gaussian_of(const std::function<bool(std::uint64_t)>& wanted) {
  std::vector<float> features;
  std::uint64_t count = 0;
  for (std::uint64_t id = 0; id < 192; ++id) {
    if (!wanted(id)) continue;
    ++count;
    for (const float v : FakeRun::features_of(FakeRun::image(id, FakeRun::is_bad(id), 1))) features.push_back(v);
  }
  return fit_gaussian(FeatureView{features, count, FakeRun::kPixels});
}

double distance_to_good(const Gaussian& gaussian) {
  std::vector<float> features;
  for (std::uint64_t id = 0; id < 2000; ++id)
    for (const float v : FakeRun::features_of(FakeRun::image(id, false, 99))) features.push_back(v);
  return frechet_distance(fit_gaussian(FeatureView{features, 2000, FakeRun::kPixels}), gaussian);
}

TEST(Filtering, SoundRunIsValidAndMatchesTheSchema) {
  const Record& record = sound_run().record;
  EXPECT_THAT(record.invalid_reasons, IsEmpty());
  const Json schema = read_json_file(fs::path(ALEA_SOURCE_DIR) / "results/schema/record.schema.json");
  EXPECT_EQ(schema_problems(schema, record_to_json(record)), "");
}

TEST(Filtering, DistancesAreThoseOfTheSetsTheyName) {
  const Record& record = sound_run().record;
  EXPECT_NEAR(*row_of(record, "fd.pixels.all").value, distance_to_good(gaussian_of([](auto) { return true; })), 1e-9);
  const auto& ids = sound_run().curves.at("ids");
  const auto& mask = sound_run().curves.at("kept/aleatoric.variance.lowest");
  std::set<std::uint64_t> kept;
  for (std::size_t i = 0; i < 192; ++i)
    if (mask.as<std::uint8_t>()[i]) kept.insert(ids.as<std::uint64_t>()[i]);
  EXPECT_EQ(kept.size(), 160u);
  EXPECT_NEAR(*row_of(record, "fd.pixels.kept.aleatoric.variance.lowest").value,
              distance_to_good(gaussian_of([&](auto id) { return kept.contains(id); })), 1e-9);
}

TEST(Filtering, KeepingTheGoodGainsAndKeepingTheBadLoses) {
  const Record& record = sound_run().record;
  const MetricRow& gain = row_of(record, "gain.fd.pixels.kept.aleatoric.variance.lowest");
  EXPECT_GT(gain.interval->low, 0);
  EXPECT_EQ(gain.direction, Direction::higher);
  EXPECT_LT(row_of(record, "gain.fd.pixels.kept.aleatoric.variance.highest").interval->high, 0);
}

TEST(Filtering, ANegatedScoreSwapsTheSides) {
  const Record& record = sound_run().record;
  for (const char* prefix : {"fd.pixels.kept.", "gain.fd.pixels.kept."}) {
    const std::string p = prefix;
    EXPECT_EQ(*row_of(record, p + "aleatoric.variance.lowest").value, *row_of(record, p + "aleatoric.centred.highest").value);
    EXPECT_EQ(*row_of(record, p + "aleatoric.variance.highest").value, *row_of(record, p + "aleatoric.centred.lowest").value);
  }
}

TEST(Filtering, GainIsRandomMinusKeptInEveryGroup) {
  const Record& record = sound_run().record;
  const MetricRow &random = row_of(record, "fd.pixels.random"), &kept = row_of(record, "fd.pixels.kept"),
                  &gain = row_of(record, "gain.fd.pixels.kept");
  EXPECT_DOUBLE_EQ(*gain.value, *random.value - *kept.value);
  ASSERT_EQ(gain.leave_one_out.size(), 32u);
  for (std::size_t g = 0; g < 32; ++g) EXPECT_DOUBLE_EQ(gain.leave_one_out[g], random.leave_one_out[g] - kept.leave_one_out[g]);
  EXPECT_EQ(gain.interval->standard_error, jackknife_interval(*gain.value, gain.leave_one_out).standard_error);
}

TEST(Filtering, RandomisationPIsSmallestForTheBestAndOneForTheWorst) {
  const Record& record = sound_run().record;
  const Json& best = row_of(record, "fd.pixels.kept.aleatoric.variance.lowest").details;
  EXPECT_DOUBLE_EQ(best.at("randomisation_p").get<double>(), 1.0 / 20);
  EXPECT_DOUBLE_EQ(best.at("randomisation_p_worse").get<double>(), 1);
  const Json& worst = row_of(record, "fd.pixels.kept.aleatoric.variance.highest").details;
  EXPECT_DOUBLE_EQ(worst.at("randomisation_p").get<double>(), 1);
  EXPECT_DOUBLE_EQ(worst.at("randomisation_p_worse").get<double>(), 1.0 / 20);
}

TEST(Filtering, HeadlineIsTheConfiguredSideOfTheConfiguredStatistic) {
  const Record& record = sound_run().record;
  EXPECT_EQ(*row_of(record, "fd.pixels.kept").value, *row_of(record, "fd.pixels.kept.aleatoric.variance.lowest").value);
  EXPECT_EQ(record.metrics.at(0).name, "fd.pixels.all");
  FakeRun run("highest");
  run.config["keep_side"] = "highest";
  run.config["rank_by"] = "aleatoric.centred";
  run.write_reference();
  const Record other = run.score_all().record;
  EXPECT_EQ(*row_of(other, "fd.pixels.kept").value, *row_of(record, "fd.pixels.kept").value);
  EXPECT_EQ(row_of(other, "fd.pixels.kept").details.at("note"), "highest of aleatoric.centred");
}

TEST(Filtering, ReportsBothSidesOfEveryStatisticWithTheFreeScore) {
  for (const char* statistic :
       {"aleatoric.variance", "aleatoric.centred", "free.eps_energy", "random.score", "free.total_variation", "free.edges"})
    for (const char* side : {"lowest", "highest"})
      EXPECT_TRUE(row_of(sound_run().record, fmt::format("gain.fd.pixels.kept.{}.{}", statistic, side)).value.has_value());
}

TEST(Filtering, RandomRowDescribesItsSubsets) {
  const MetricRow& row = row_of(sound_run().record, "fd.pixels.random");
  const auto values = sound_run().curves.at("subsets/random_fd").as<double>();
  ASSERT_EQ(values.size(), 19u);
  EXPECT_EQ(row.details.at("subsets"), 19);
  EXPECT_EQ(row.details.at("min").get<double>(), *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(row.details.at("max").get<double>(), *std::max_element(values.begin(), values.end()));
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / 19;
  for (const double v : values) squares += (v - mean) * (v - mean);
  EXPECT_NEAR(*row.value, mean, 1e-12);
  EXPECT_NEAR(row.details.at("sd_over_subsets").get<double>(), std::sqrt(squares / 18), 1e-12);
}

TEST(Filtering, OracleGainGrowsWithTheStrength) {
  const Record& record = sound_run().record;
  const double weak = *row_of(record, "gain.fd.pixels.oracle.32").value,
               middle = *row_of(record, "gain.fd.pixels.oracle.64").value,
               strong = *row_of(record, "gain.fd.pixels.oracle.128").value;
  EXPECT_GT(middle, weak);
  EXPECT_GT(strong, middle);
  EXPECT_GT(row_of(record, "gain.fd.pixels.oracle.64").interval->low, 0);
}

TEST(Filtering, OracleDropsExactlyThePlantedImages) {
  const Ids planted = planted_ids(1, 192);
  ASSERT_EQ(planted.size(), 32u);
  const auto& details = row_of(sound_run().record, "gain.fd.pixels.oracle.64").details;
  const Gaussian clean = gaussian_of([&](auto id) { return !std::binary_search(planted.begin(), planted.end(), id); });
  EXPECT_NEAR(details.at("fd_kept").get<double>(), distance_to_good(clean), 1e-9);
  EXPECT_EQ(details.at("planted"), 32);
}

TEST(Filtering, AMeasurementThatMissesPlantedDefectsIsInvalid) {
  FakeRun run("blind");
  run.defects_show = false;
  run.write_reference();
  EXPECT_THAT(run.score_all().record.invalid_reasons, Contains(HasSubstr("blind")));
}

TEST(Filtering, ARandomScoreThatGainsMakesTheRunInvalid) {
  FakeRun run("knowing");
  run.random_score_knows = true;
  run.write_reference();
  EXPECT_THAT(run.score_all().record.invalid_reasons, Contains(HasSubstr("knows nothing")));
}

TEST(Filtering, NonFiniteSamplesAreLeftOutAndCountAgainstTheLimit) {
  FakeRun run("non_finite");
  run.non_finite_below = 3;
  run.write_reference();
  const FakeRun::Outcome strict = run.score_all();
  EXPECT_THAT(strict.record.invalid_reasons, ElementsAre(HasSubstr("3 samples aren't finite")));
  EXPECT_EQ(strict.record.samples.at("non_finite"), 3);
  EXPECT_EQ(row_of(strict.record, "fd.pixels.all").n, 189u);
  EXPECT_NEAR(*row_of(strict.record, "fd.pixels.all").value, distance_to_good(gaussian_of([](auto id) { return id >= 3; })),
              1e-9);
  EXPECT_EQ(strict.curves.at("ids").as<std::uint64_t>()[0], 3u);

  FakeRun lenient("non_finite_lenient");
  lenient.non_finite_below = 3;
  lenient.config["non_finite_limit"] = 3;
  lenient.write_reference();
  EXPECT_THAT(lenient.score_all().record.invalid_reasons, IsEmpty());
}

TEST(Filtering, TooFewSamplesGiveNullsWithAReason) {
  FakeRun run("limited");
  run.n = 96;
  run.write_reference();
  const FakeRun::Outcome outcome = run.score_all();
  const MetricRow& row = row_of(outcome.record, "fd.pixels.kept");
  EXPECT_FALSE(row.value.has_value());
  EXPECT_THAT(row.why_null, HasSubstr("96 usable samples"));
  EXPECT_THAT(outcome.record.invalid_reasons, Contains(row.why_null));
  const Json schema = read_json_file(fs::path(ALEA_SOURCE_DIR) / "results/schema/record.schema.json");
  EXPECT_EQ(schema_problems(schema, record_to_json(outcome.record)), "");
}

ErrorCode code_of_scoring(const FakeRun& run) {
  try {
    run.score_all();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::internal;
}

TEST(Filtering, RefusesStatisticsOfOtherWeightsOrAnotherNetwork) {
  FakeRun weights("other_weights");
  weights.network_sha256 = std::string(64, '2');
  weights.write_reference();
  EXPECT_EQ(code_of_scoring(weights), ErrorCode::not_comparable);
  FakeRun network("other_network");
  network.write_reference("fmnist_cnn");
  EXPECT_EQ(code_of_scoring(network), ErrorCode::not_comparable);
  EXPECT_EQ(code_of_scoring(FakeRun("no_reference")), ErrorCode::io);
}

TEST(Filtering, RecordNamesTheReferenceAndTheCost) {
  const Record& record = sound_run().record;
  EXPECT_EQ(record.data.at("reference").at("set"), "fake/good");
  EXPECT_EQ(record.data.at("reference").at("sha256").get<std::string>().size(), 64u);
  for (const auto& [part, nfe] : {std::pair{"base", 10}, {"extra", 9}, {"total", 19}})
    EXPECT_EQ(record.cost.at(part), nfe) << part;
  EXPECT_EQ(record.cost.at("estimators").at(0).at("nfe"), 9);
  EXPECT_EQ(record.cost.at("estimators").at(2).at("nfe"), 0) << "the random score's";
}

TEST(Filtering, SelfReferenceHasDistanceZeroAndSaysSo) {
  FakeRun run("self");
  run.config["reference"] = "self";
  const Record record = run.score_all().record;
  EXPECT_NEAR(*row_of(record, "fd.pixels.all").value, 0, 1e-9);
  EXPECT_THAT(record.departures, Contains(HasSubstr("smoke tests only")));
}

TEST(Filtering, CurvesHoldScoresThatAreSumsOfTheirSteps) {
  const ArrayMap& curves = sound_run().curves;
  const auto scores = curves.at("scores/aleatoric.variance").as<double>();
  const auto steps = curves.at("step_scores/aleatoric.variance").as<double>();
  ASSERT_EQ(steps.size(), 2 * scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_EQ(scores[i], steps[2 * i] + steps[2 * i + 1]);
}

TEST(Filtering, GalleryShowsTheExtremesInOrder) {
  const ArrayMap& curves = sound_run().curves;
  const auto scores = curves.at("scores/aleatoric.variance").as<double>();
  const auto ids_shown = [&](const std::string& side) {
    const Array& maps = curves.at("gallery/" + side + "_maps");
    EXPECT_THAT(maps.shape, ElementsAre(8u, 4u, 4u, 1u));
    std::vector<std::uint64_t> out;
    for (std::size_t i = 0; i < 8; ++i) out.push_back(static_cast<std::uint64_t>(maps.as<float>()[i * FakeRun::kPixels]));
    return out;
  };
  const auto least = ids_shown("least"), most = ids_shown("most");
  EXPECT_EQ(scores[least[0]], *std::min_element(scores.begin(), scores.end()));
  EXPECT_EQ(scores[most[0]], *std::max_element(scores.begin(), scores.end()));
  for (std::size_t i = 1; i < 8; ++i) {
    EXPECT_LT(scores[least[i - 1]], scores[least[i]]);
    EXPECT_GT(scores[most[i - 1]], scores[most[i]]);
  }
  const auto images = curves.at("gallery/most_images").as<std::uint8_t>();
  const auto expected = FakeRun::image(most[0], FakeRun::is_bad(most[0]), 1);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), images.begin()));
}

TEST(Filtering, ScoringTwiceGivesEqualBytes) {
  FakeRun run("again");
  run.config["reference"] = "self";
  const auto once = run.score_all(), twice = run.score_all();
  EXPECT_EQ(record_to_json(once.record).dump(), record_to_json(twice.record).dump());
  EXPECT_EQ(hdf5_image(once.curves), hdf5_image(twice.curves));
}

TEST(Filtering, ScoresOf16BitsAreRoundedAndTied) {
  FakeRun run("half");
  run.write_reference();
  const auto exact = run.score_all();
  fs::remove_all(run.folder / "run");
  run.config["score_precision"] = "float16";
  const auto half = run.score_all();
  const char* scores = "scores/aleatoric.variance";
  const auto wide = exact.curves.at(scores).as<double>(), narrow = half.curves.at(scores).as<double>();
  for (std::size_t i = 0; i < wide.size(); ++i) EXPECT_EQ(narrow[i], as_half(wide[i])) << i;
  EXPECT_LT(std::set(narrow.begin(), narrow.end()).size(), std::set(wide.begin(), wide.end()).size());
  const char* variation = "scores/free.total_variation";
  EXPECT_TRUE(std::ranges::equal(exact.curves.at(variation).as<double>(), half.curves.at(variation).as<double>()));
  EXPECT_THAT(half.record.departures, Contains(HasSubstr("16-bit floats")));
  EXPECT_NE(half.record.comparable_sha256, exact.record.comparable_sha256);
  EXPECT_EQ(as_half(1e6), 65536);
}

}  // namespace
}  // namespace alea
