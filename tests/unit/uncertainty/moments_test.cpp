#include "uncertainty/moments.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "tests/support/plugins.h"
#include "uncertainty/window.h"

namespace alea {
namespace {

using test::code_of;

at::Tensor images(std::vector<float> values, std::int64_t n = 1) {
  const auto elements = static_cast<std::int64_t>(values.size()) / n;
  return at::tensor(values).reshape({n, 1, 1, elements});
}

TEST(Spread, HasTheDivisorsOfBothStatistics) {
  const std::vector<Prediction> answers{{images({1, 0})}, {images({2, 0})}, {images({6, 3})}};
  const Spread spread = spread_about(images({1, 1}), answers);
  EXPECT_DOUBLE_EQ(spread.variance.flatten()[0].item<double>(), 7);
  EXPECT_DOUBLE_EQ(spread.centred.flatten()[0].item<double>(), 26.0 / 3);
  EXPECT_DOUBLE_EQ(spread.variance.flatten()[1].item<double>(), 3);
  EXPECT_DOUBLE_EQ(spread.centred.flatten()[1].item<double>(), 2);
}

TEST(Spread, SurvivesAnswersThatAreNearlyEqual) {
  const float e = 1000, ulp = 0x1p-14f;
  const std::vector<Prediction> answers{{images({e - ulp})}, {images({e})}, {images({e + ulp})}};
  const Spread spread = spread_about(images({e}), answers);
  EXPECT_DOUBLE_EQ(spread.variance.item<double>(), 0x1p-28);
  EXPECT_DOUBLE_EQ(spread.centred.item<double>(), 0x1p-28 * 2 / 3);
}

TEST(Spread, RefusesTooFewOrOtherAnswers) {
  const std::vector<Prediction> one{{images({1, 2})}}, other{{images({1, 2})}, {images({1, 2, 3})}};
  EXPECT_EQ(code_of([&] { spread_about(images({1, 2}), one); }), ErrorCode::domain);
  EXPECT_EQ(code_of([&] { spread_about(images({1, 2}), other); }), ErrorCode::shape);
}

TEST(SumPerImage, AddsInDoubleImageByImage) {
  const at::Tensor sums = sum_per_image(images({16777216, 1, 1, 1, 2, 3}, 2));
  EXPECT_EQ(sums.scalar_type(), at::kDouble);
  EXPECT_EQ(sums[0].item<double>(), 16777218);
  EXPECT_EQ(sums[1].item<double>(), 6);
}

TEST(WindowSums, KeepsStepsApartAndAddsMaps) {
  WindowSums sums("name", 2, Window(3, 4, 10));
  sums.add(1, images({1, 2, 3, 4}, 2));
  EXPECT_EQ(code_of([&] { sums.output(); }), ErrorCode::internal);
  sums.add(0, images({10, 20, 30, 40}, 2));
  EXPECT_EQ(code_of([&] { sums.add(0, images({1, 1, 1, 1}, 2)); }), ErrorCode::internal);
  const UncertaintyOutput out = sums.output();
  EXPECT_EQ(out.name, "name");
  EXPECT_EQ(out.step_scores[0][0].item<double>(), 30);
  EXPECT_EQ(out.step_scores[0][1].item<double>(), 3);
  EXPECT_EQ(out.step_scores[1][0].item<double>(), 70);
  EXPECT_EQ(out.step_scores[1][1].item<double>(), 7);
  EXPECT_EQ(out.map.scalar_type(), at::kFloat);
  EXPECT_EQ(out.map[1][0][0][1].item<float>(), 44);
}

TEST(Window, IncludesBothEnds) {
  const Window window(45, 48, 50);
  EXPECT_EQ(window.size(), 4);
  EXPECT_EQ(window.indices(), (std::vector<SolverIndex>{{45}, {46}, {47}, {48}}));
  EXPECT_FALSE(window.column({44}));
  EXPECT_EQ(window.column({45}), 0);
  EXPECT_EQ(window.column({48}), 3);
  EXPECT_FALSE(window.column({49}));
}

TEST(Window, MustLieInsideTheSampler) {
  EXPECT_EQ(code_of([] { Window(45, 48, 48); }), ErrorCode::config);
  EXPECT_EQ(code_of([] { Window(3, 2, 50); }), ErrorCode::config);
  EXPECT_EQ(code_of([] { Window(-1, 2, 50); }), ErrorCode::config);
  EXPECT_EQ(Window(0, 0, 1).size(), 1);
}

}  // namespace
}  // namespace alea
