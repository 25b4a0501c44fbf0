#include "metrics/sparsification.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/config.h"
#include "core/philox.h"
#include "metrics/rank_statistics.h"

namespace alea {
namespace {

Json fixture() { return read_json_file(ALEA_SOURCE_DIR "/tests/fixtures/sparsification.json"); }

constexpr ErrorKind kKinds[] = {ErrorKind::rmse, ErrorKind::mae, ErrorKind::mse};
constexpr Sparsification kConventions[] = {Sparsification::poggi50, Sparsification::exact, Sparsification::normalised};

using Doubles = std::vector<double>;
using Floats = std::vector<float>;

SparsificationResult of(const Doubles& errors, const Doubles& uncertainty, ErrorKind kind, Sparsification convention) {
  return sparsify(std::span(errors), std::span(uncertainty), kind, convention);
}

struct Sample {
  Floats errors, uncertainty;
};
/// Heteroscedastic: the uncertainty is the scale of the error.
Sample make_sample(std::size_t n, std::uint64_t seed) {
  Sample sample{Floats(n), Floats(n)};
  fill_normal({.seed = seed, .id = 1}, sample.errors);
  fill_uniform({.seed = seed, .id = 2}, sample.uncertainty);
  for (std::size_t i = 0; i < n; ++i) sample.errors[i] = std::abs(sample.errors[i]) * sample.uncertainty[i];
  return sample;
}

TEST(Sparsification, Poggi50EqualsThePublishedFormula) {
  for (const auto& [name, row] : fixture()["cases"].items())
    for (const ErrorKind kind : kKinds) {
      const auto errors = row["errors"].get<Doubles>(), uncertainty = row["uncertainty"].get<Doubles>();
      const auto& expected = row["poggi50"][error_kind_name(kind)];
      const auto result = of(errors, uncertainty, kind, Sparsification::poggi50);
      EXPECT_NEAR(result.ause, expected["ause"].get<double>(), 1e-12) << name << " " << error_kind_name(kind);
      EXPECT_NEAR(result.aurg, expected["aurg"].get<double>(), 1e-12) << name << " " << error_kind_name(kind);
      const auto curve = expected["curve"].get<Doubles>();
      ASSERT_EQ(result.curves.method.size(), curve.size());
      for (std::size_t k = 0; k < curve.size(); ++k) EXPECT_NEAR(result.curves.method[k], curve[k], 1e-12);
    }
}

TEST(Sparsification, ExactHandComputed) {
  // Retained 1, 2, 3 by u: mean errors 1, 2, 3; by error: 1, 1.5, 3.
  const Doubles errors = {1, 3, 5}, errors2 = {1, 2, 6};
  const auto good = of(errors, {0, 1, 2}, ErrorKind::mae, Sparsification::exact);
  EXPECT_NEAR(good.ause, 0, 1e-15);
  EXPECT_NEAR(good.aurg, 3 - (1 + 2 + 3) / 3.0, 1e-15);
  const auto swapped = of(errors2, {1, 0, 2}, ErrorKind::mae, Sparsification::exact);
  EXPECT_NEAR(swapped.ause, (2 + 1.5 + 3) / 3 - (1 + 1.5 + 3) / 3, 1e-15);
}

TEST(Sparsification, TiesCountAsTheMeanOverTheirOrders) {
  const Doubles errors = {4, 1, 7, 2, 9, 3}, u = {1, 1, 0, 1, 2, 2};
  std::vector<std::size_t> order = {0, 1, 2, 3, 4, 5};
  double sum = 0;
  int orders = 0;
  do {  // as the rank decides among ties: a map without any
    Doubles untied(6);
    for (std::size_t i = 0; i < 6; ++i) untied[i] = u[i] + 0.01 * static_cast<double>(order[i]);
    sum += of(errors, untied, ErrorKind::mae, Sparsification::exact).ause;
    ++orders;
  } while (std::ranges::next_permutation(order).found);
  EXPECT_NEAR(of(errors, u, ErrorKind::mae, Sparsification::exact).ause, sum / orders, 1e-12);
}

TEST(Sparsification, CurvesHoldTheErrorOfWhatIsLeft) {
  const Doubles errors = {2, 6, 1, 7}, u = {0, 1, 2, 2};
  const auto curves = of(errors, u, ErrorKind::mae, Sparsification::exact).curves;
  EXPECT_EQ(curves.removed, (Doubles{0, 0.25, 0.5, 0.75}));
  EXPECT_EQ(curves.method, (Doubles{4, 4, 4, 2}));  // one of the tied pair is out: (2 + 6 + 4) / 3
  EXPECT_EQ(curves.oracle, (Doubles{4, 3, 1.5, 1}));
  EXPECT_EQ(curves.random, (Doubles{4, 4, 4, 4}));
  const auto normalised = of(errors, u, ErrorKind::mae, Sparsification::normalised).curves;
  EXPECT_EQ(normalised.method, (Doubles{1, 1, 1, 0.5}));
  EXPECT_EQ(normalised.oracle, (Doubles{1, 0.75, 0.375, 0.25}));
  EXPECT_EQ(normalised.random, (Doubles{1, 1, 1, 1}));
}

TEST(Sparsification, TheSumDependsOnTheErrorsAlone) {
  const Sample sample = make_sample(5000, 3), other = make_sample(5000, 4);
  Floats inverted = sample.uncertainty, rounded = sample.uncertainty;
  for (float& value : inverted) value = -value;
  for (float& value : rounded) value = std::round(value * 4);
  for (const auto convention : kConventions)
    for (const auto kind : kKinds) {
      const auto sum = [&](const Floats& u) {
        const auto result = sparsify(std::span<const float>(sample.errors), std::span<const float>(u), kind, convention);
        return result.ause + result.aurg;
      };
      const double expected = sum(sample.uncertainty);
      for (const auto& u : {inverted, rounded, other.uncertainty}) EXPECT_NEAR(sum(u), expected, 1e-12);
    }
}

TEST(Sparsification, AConstantMapIsARandomOne) {
  const Sample sample = make_sample(6000, 3);
  const Floats constant(6000, 2.5f);
  for (const auto kind : kKinds) {
    const auto at = [&](Sparsification convention) {
      return sparsify(std::span<const float>(sample.errors), std::span<const float>(constant), kind, convention);
    };
    EXPECT_NEAR(at(Sparsification::exact).aurg, 0, 1e-12);
    EXPECT_NEAR(at(Sparsification::poggi50).aurg, at(Sparsification::poggi50).error_all / 100, 1e-12);
    EXPECT_NEAR(at(Sparsification::normalised).aurg, 0, 1e-12);
  }
}

TEST(Sparsification, GoodMapsBeatRandomBeatInvertedOnes) {
  const Sample sample = make_sample(20000, 5), noise = make_sample(20000, 6);
  Floats inverted = sample.uncertainty;
  for (float& value : inverted) value = -value;
  const auto ause = [&](const Floats& u) {
    return sparsify(std::span<const float>(sample.errors), std::span<const float>(u), ErrorKind::rmse, Sparsification::normalised)
        .ause;
  };
  EXPECT_NEAR(ause(sample.errors), 0, 1e-12);
  EXPECT_LT(ause(sample.uncertainty), 0.8 * ause(noise.uncertainty));
  EXPECT_GT(ause(inverted), 1.2 * ause(noise.uncertainty));
}

TEST(Sparsification, TheRadixPathEqualsTheComparisonPath) {
  Sample sample = make_sample(9000, 8);
  for (std::size_t i = 0; i < 9000; ++i)
    sample.uncertainty[i] = std::round((sample.uncertainty[i] - 0.5f) * 500) / 500;  // signs, ties, -0
  const Doubles errors(sample.errors.begin(), sample.errors.end()), u(sample.uncertainty.begin(), sample.uncertainty.end());
  for (const auto convention : kConventions) {
    const auto a =
        sparsify(std::span<const float>(sample.errors), std::span<const float>(sample.uncertainty), ErrorKind::rmse, convention);
    const auto b = of(errors, u, ErrorKind::rmse, convention);
    EXPECT_NEAR(a.ause, b.ause, 1e-12);
    EXPECT_NEAR(a.aurg, b.aurg, 1e-12);
    for (std::size_t k = 0; k < a.curves.method.size(); ++k) EXPECT_NEAR(a.curves.method[k], b.curves.method[k], 1e-12);
  }
}

TEST(Sparsification, RefusesWhatHasNoAnswer) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [errors, u] : std::vector<std::pair<Doubles, Doubles>>{
           {{}, {}}, {{1, 2}, {1}}, {{1, nan}, {1, 2}}, {{1, 2}, {nan, 2}}, {{-1, 2}, {1, 2}}})
    EXPECT_THROW(of(errors, u, ErrorKind::rmse, Sparsification::exact), Error);
  const auto one = of({2}, {1}, ErrorKind::rmse, Sparsification::exact);
  EXPECT_EQ(one.ause, 0);
  EXPECT_EQ(of({0, 0}, {1, 2}, ErrorKind::rmse, Sparsification::normalised).ause, 0);
}

TEST(SparsifyImages, IsTheMeanOverImagesWithItsJackknife) {
  const std::size_t n = 70, size = 50;
  const Sample sample = make_sample(n * size, 9);
  std::vector<std::uint64_t> ids(n);
  for (std::size_t i = 0; i < n; ++i) ids[i] = i;
  const auto all = sparsify_images(sample.errors, sample.uncertainty, {}, ids, ErrorKind::mae, Sparsification::exact);
  double mean = 0;
  for (std::size_t i = 0; i < n; ++i)
    mean += sparsify(std::span<const float>(sample.errors).subspan(i * size, size),
                     std::span<const float>(sample.uncertainty).subspan(i * size, size), ErrorKind::mae, Sparsification::exact)
                .ause /
            double(n);
  EXPECT_NEAR(all.ause.value, mean, 1e-12);
  EXPECT_EQ(all.ause_leave_one_out.size(), 32u);
  double others = 0;  // without group 0: images 0, 32, 64
  for (std::size_t i = 0; i < n; ++i)
    if (i % 32 != 0) others += all.ause_of_image[i] / double(n - 3);
  EXPECT_NEAR(all.ause_leave_one_out[0], others, 1e-12);
  EXPECT_GT(all.ause.standard_error, 0);
}

TEST(SparsifyImages, MasksChooseElementsAndEmptyOnesAreCounted) {
  const Floats errors = {1, 9, 2, 9, 3, 9, 1, 9}, u = {0, 5, 1, -5, 0, 5, 1, -5};
  const std::vector<std::uint8_t> mask = {1, 0, 1, 0, 1, 0, 1, 0};
  const std::vector<std::uint64_t> ids = {0, 1};
  const auto result = sparsify_images(errors, u, mask, ids, ErrorKind::mae, Sparsification::exact);
  EXPECT_NEAR(result.ause_of_image[0], 0, 1e-15);
  EXPECT_NEAR(result.ause_of_image[1], (3 + 2) / 2.0 - (1 + 2) / 2.0, 1e-15);
  const std::vector<std::uint64_t> three = {0, 1, 2};
  const Floats more_errors = {1, 2, 1, 2, 1, 2}, more_u = {1, 2, 1, 2, 1, 2};
  EXPECT_EQ(sparsify_images(more_errors, more_u, std::vector<std::uint8_t>{1, 1, 0, 0, 1, 1}, three, ErrorKind::mae,
                            Sparsification::exact)
                .empty_masks,
            1u);
  EXPECT_THROW(sparsify_images(errors, u, std::vector<std::uint8_t>(8, 0), ids, ErrorKind::mae, Sparsification::exact), Error);
}

TEST(SparsifyImages, CurvesAreTheMeanOfImagesWithTheMostPoints) {
  const Floats errors = {1, 3, 5, 8, 10, 99}, u = {0, 1, 1, 0, 0, 9};
  const std::vector<std::uint64_t> ids = {0, 1, 2};
  const std::vector<std::uint8_t> mask = {1, 1, 1, 1, 1, 0};  // the last image has one point alone
  const auto curves = sparsify_images(errors, u, mask, ids, ErrorKind::mae, Sparsification::exact).mean_curves;
  EXPECT_EQ(curves.removed, (Doubles{0, 0.5}));
  EXPECT_EQ(curves.method, (Doubles{(2 + 6.5) / 2, (1 + 8.0) / 2}));
  EXPECT_EQ(curves.oracle, (Doubles{(2 + 6.5) / 2, (1 + 5.0) / 2}));
  EXPECT_EQ(curves.random, (Doubles{(2 + 6.5) / 2, (2 + 6.5) / 2}));
}

TEST(SparsifyImages, GroupsWithoutImagesHaveNoLeaveOneOut) {
  const Floats errors = {1, 3, 2, 6}, u = {1, 0, 1, 0};
  const std::vector<std::uint64_t> ids = {3, 9};
  const auto result = sparsify_images(errors, u, {}, ids, ErrorKind::mae, Sparsification::exact);
  EXPECT_EQ(result.ause_leave_one_out, (Doubles{result.ause_of_image[1], result.ause_of_image[0]}));
  const std::vector<std::uint64_t> one_group = {3, 35};
  EXPECT_THROW(sparsify_images(errors, u, {}, one_group, ErrorKind::mae, Sparsification::exact), Error);
}

TEST(RankStatistics, EqualScipyAndScikitLearn) {
  const Json ranks = fixture()["ranks"];
  const auto a = ranks["a"].get<Doubles>(), b = ranks["b"].get<Doubles>();
  const auto event = ranks["event"].get<std::vector<unsigned char>>();
  EXPECT_NEAR(spearman(a, b), ranks["spearman"].get<double>(), 1e-12);
  EXPECT_NEAR(auroc(a, event), ranks["auroc"].get<double>(), 1e-12);
  EXPECT_NEAR(aupr(a, event), ranks["aupr"].get<double>(), 1e-12);
}

TEST(RankStatistics, EndsOfTheScale) {
  const Doubles up = {1, 2, 3, 4}, down = {9, 7, 5, 3};
  EXPECT_NEAR(spearman(up, down), -1, 1e-15);
  EXPECT_EQ(auroc(up, std::vector<unsigned char>{0, 0, 1, 1}), 1);
  EXPECT_EQ(auroc(Doubles{1, 1, 1, 1}, std::vector<unsigned char>{0, 0, 1, 1}), 0.5);
  EXPECT_THROW(auroc(up, std::vector<unsigned char>{0, 0, 0, 0}), Error);
  EXPECT_THROW(spearman(up, Doubles{1, 1, 1, 1}), Error);
}

}  // namespace
}  // namespace alea
