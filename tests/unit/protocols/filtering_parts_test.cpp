#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "asked_sets.h"
#include "fake_arm.h"
#include "protocols/filtering.h"
#include "protocols/filtering_measure.h"
#include "protocols/metric_catalogue.h"
#include "protocols/set_metrics.h"

namespace alea {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(PredictionT, IsTheStudentisedDistanceFromTheMean) {
  // mean 2, sd 1, R = 3: (5 - 2) / (1 * sqrt(4/3))
  EXPECT_NEAR(prediction_t(5, std::vector<double>{1, 2, 3}), 3 / std::sqrt(4.0 / 3), 1e-12);
  EXPECT_LT(prediction_t(1.5, std::vector<double>{1, 2, 3}), 0);
  EXPECT_EQ(prediction_t(2, std::vector<double>{2, 2, 2}), 0);
}

TEST(WindowSums, AddEachRowInDouble) {
  const std::vector<double> values = {1e16, 1, -1e16, 0.5, 0.25, 0.125};
  EXPECT_THAT(window_sums(make_array<double>(values, {2, 3}), "x"), ElementsAre(0.0, 0.875));
  EXPECT_THROW(window_sums(make_array<double>(values, {6}), "x"), Error);
}

TEST(FilteringDepartures, ThePaperSettingsLeaveTheWindowAndTheStepsUnmentioned) {
  ConfigErrors errors;
  FilteringOptions options;
  const Components paper = resolve_components({{"kind", "toy_gaussian"}}, {{"kind", "ddim"}},
                                              {{{"kind", "aleatoric"}}, {{"kind", "random"}}}, 1, errors);
  options.generate = 60000;
  options.keep = 50000;
  EXPECT_THAT(filtering_departures(options, paper), Not(Contains(HasSubstr("window"))));
  EXPECT_THAT(filtering_departures(options, paper), Not(Contains(HasSubstr("images are generated"))));
  const Components other =
      resolve_components({{"kind", "toy_gaussian"}}, {{"kind", "ddim"}, {"steps", 49}},
                         {{{"kind", "aleatoric"}, {"passes", 4}, {"first_index", 44}}, {{"kind", "random"}}}, 1, errors);
  const auto sentences = filtering_departures(options, other);
  EXPECT_THAT(sentences, Contains(HasSubstr("49 steps")));
  EXPECT_THAT(sentences, Contains(HasSubstr("M is 4")));
  EXPECT_THAT(sentences, Contains(HasSubstr("44 to 48")));
  EXPECT_THAT(sentences, Not(Contains(HasSubstr("precision"))));
  options.precision = "bfloat16";
  EXPECT_THAT(filtering_departures(options, other), Contains(HasSubstr("bfloat16")));
}

TEST(FilteringDepartures, SayWhereTrajectoriesStart) {
  ConfigErrors errors;
  FilteringOptions options;
  const Components components = resolve_components({{"kind", "toy_gaussian"}}, {{"kind", "ddim"}},
                                                   {{{"kind", "aleatoric"}}, {{"kind", "random"}}}, 1, errors);
  EXPECT_THAT(filtering_departures(options, components), Contains(HasSubstr("Start points are counter-based")));
  options.start = "imagenet64";
  const auto sentences = filtering_departures(options, components);
  EXPECT_THAT(sentences, Contains(HasSubstr("Start points are those of the paper's code for imagenet64")));
  EXPECT_THAT(sentences, Not(Contains(HasSubstr("Start points are counter-based"))));
}

TEST(FilteringDepartures, TellThePapersNetworksFromOthersAndFromGuidedOnes) {
  ConfigErrors errors;
  const auto model_sentences = [&](const Json& model) {
    const Components components =
        resolve_components(model, {{"kind", "ddim"}}, {{{"kind", "aleatoric"}}, {{"kind", "random"}}}, 1, errors);
    auto sentences = filtering_departures({}, components);
    std::erase_if(sentences, [](const std::string& sentence) { return !sentence.starts_with("The model"); });
    return sentences;
  };
  const Json papers = {{"kind", "uvit"}, {"manifest", "networks/uvit256.json"}};
  const Json latent = {{"kind", "latent"}, {"model", papers}, {"autoencoder", "networks/autoencoder-kl.json"}};
  EXPECT_THAT(model_sentences(latent), ElementsAre());
  EXPECT_THAT(model_sentences({{"kind", "classifier_free"}, {"model", latent}}), ElementsAre(HasSubstr("guided")));
  EXPECT_THAT(model_sentences({{"kind", "uvit"}, {"manifest", "mine.json"}}), ElementsAre(HasSubstr("mine.json")));
}

/// "fd.<network>.kept" and the like as a regular expression.
bool matches(const std::string& pattern, const std::string& name) {
  std::string expression = std::regex_replace(pattern, std::regex("\\."), "\\.");
  expression = std::regex_replace(expression, std::regex("<statistic>"), "[a-z_]+\\.[a-z_]+");
  expression = std::regex_replace(expression, std::regex("<side>"), "(lowest|highest)");
  return std::regex_match(name, std::regex(std::regex_replace(expression, std::regex("<[a-z]+>"), "[a-z0-9_]+")));
}

TEST(MetricCatalogue, ListsEveryRowOfAFilteringRecordAndNothingElse) {
  WithArm run("catalogue");
  ask_for_sets(run);
  Record record = run.score_all().record;
  FakeRun inception("catalogue_inception");
  inception.config.update({{"reference", "self"}, {"features", "inception"}, {"metrics", {"sfid"}}});
  for (const MetricRow& row : inception.score_all().record.metrics)
    if (row.name.find("sfid") != std::string::npos) record.metrics.push_back(row);
  for (const auto& row : record.metrics)
    EXPECT_EQ(std::ranges::count_if(filtering_metrics(), [&](const auto& entry) { return matches(entry.first, row.name); }), 1)
        << row.name;
  for (const auto& [pattern, summary] : filtering_metrics())
    EXPECT_TRUE(std::ranges::any_of(record.metrics, [&](const auto& row) { return matches(pattern, row.name); })) << pattern;
}

TEST(MetricCatalogue, NamesAreAskedForByTheirKeysAndFidIsInceptionsAlone) {
  EXPECT_THAT(set_metric_keys(), ElementsAre("fid", "sfid", "fid_inf", "kid", "is", "prdc"));
  EXPECT_EQ((MetricNames{}.of("fid.bias")), "fid.bias");
  EXPECT_EQ((MetricNames{"resnet", "vgg16"}.of("fid.bias")), "fd.bias.resnet");
  EXPECT_EQ((MetricNames{"resnet", "vgg16"}.of_manifold("recall")), "recall.vgg16");
  EXPECT_THROW(MetricNames{}.of("fig"), Error);
  FilteringOptions options;
  EXPECT_EQ(distance_name(options.features, "kept"), "fd.fmnist_cnn.kept");
  options.features = "inception";
  EXPECT_EQ(distance_name(options.features, "kept"), "fid.kept");
  const auto listed = list_metrics();
  for (const char* pattern : {"gain.fd.<network>.kept", "fid, fd.<network>", "precision.<network>"})
    EXPECT_TRUE(std::ranges::any_of(listed, [&](const auto& entry) { return entry.first == pattern; })) << pattern;
}

TEST(FilteringDepartures, BayesDiffSaysWhatItDoesToClippingAndToTheImages) {
  ConfigErrors errors;
  const auto sentences_with = [&](bool clip, const char* path) {
    const Json estimator{{"kind", "bayesdiff"}, {"laplace", "embedded/fmnist_laplace.safetensors"}, {"path", path}};
    return filtering_departures({}, resolve_components({{"kind", "toy_gaussian"}}, {{"kind", "ddim"}, {"clip", clip}},
                                                       {{{"kind", "aleatoric"}}, estimator}, 1, errors));
  };
  EXPECT_THAT(sentences_with(true, "deterministic"), Contains(HasSubstr("without the sampler's clipping")));
  EXPECT_THAT(sentences_with(true, "deterministic"), Not(Contains(HasSubstr("sampled path"))));
  EXPECT_THAT(sentences_with(false, "sampled"), Contains(HasSubstr("sampled path")));
  EXPECT_THAT(sentences_with(false, "sampled"), Not(Contains(HasSubstr("clipping"))));
}

}  // namespace
}  // namespace alea
