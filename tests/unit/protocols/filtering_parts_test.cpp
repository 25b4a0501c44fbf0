#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocols/filtering.h"
#include "protocols/filtering_measure.h"

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

}  // namespace
}  // namespace alea
