#include "metrics/inception_score.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.h"
#include "set_metrics_fixture.h"

namespace alea {
namespace {

using test::consecutive_ids;
using test::Features;
using test::hashed_features;
using test::make_features;
using test::set_metrics_fixture;
using test::without_group;
using Options = InceptionScoreOptions;

TEST(InceptionScore, EqualsTorchFidelityAndAdm) {
  const Features logits = hashed_features(3, 503, 40, 16, -8);
  const auto fixture = set_metrics_fixture();
  const auto& expected = fixture["inception_score"];
  const auto shuffled = inception_score(logits.view(), {.splits = 10, .order = Options::Order::numpy_legacy, .seed = 2020});
  EXPECT_NEAR(shuffled.mean, expected["shuffled"]["mean"], 1e-12);
  EXPECT_NEAR(shuffled.standard_deviation, expected["shuffled"]["standard_deviation"], 1e-12);
  const auto ordered = inception_score(logits.view(), {.splits = 7});
  EXPECT_NEAR(ordered.mean, expected["in_order_7"]["mean"], 1e-12);
  EXPECT_NEAR(ordered.standard_deviation, expected["in_order_7"]["standard_deviation"], 1e-12);
  const auto chunks = inception_score(logits.view(), {.cut = Options::Cut::chunk, .chunk_size = 200}).splits;
  ASSERT_EQ(chunks.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(chunks[i], expected["chunks"][i], 1e-12);
}

TEST(InceptionScore, IsOneWithoutKnowledgeAndTheNumberOfClassesWithAll) {
  const Features same{6, 3, std::vector<float>(18, 0.7F)};
  EXPECT_NEAR(inception_score(same.view(), {.splits = 2}).mean, 1, 1e-14);
  // Other probabilities underflow to 0 even in double.
  Features certain{6, 3, std::vector<float>(18, 0.0F)};
  for (std::size_t i = 0; i < 6; ++i) certain.values[i * 3 + i % 3] = 2000;
  EXPECT_NEAR(inception_score(certain.view(), {.splits = 2}).mean, 3, 1e-14);
  for (std::size_t i = 0; i < 6; ++i) certain.values[i * 3 + 2] = -2000;
  EXPECT_TRUE(std::isfinite(inception_score(certain.view(), {.splits = 1}).mean));
}

TEST(InceptionScore, LeavingAGroupOutEqualsDeletingIt) {
  const Features logits = make_features(1, 300, 9, 0, 3);
  const auto ids = consecutive_ids(300);
  std::vector<double> left;
  const Interval interval = inception_score_interval(logits.view(), ids, &left);
  EXPECT_NEAR(interval.value, inception_score(logits.view(), {.splits = 1}).mean, 1e-13);
  for (int g = 0; g < kJackknifeGroups; ++g) {
    EXPECT_NEAR(left[g], inception_score(without_group(logits, ids, g).view(), {.splits = 1}).mean, 1e-13) << g;
  }
  EXPECT_LT(interval.low, interval.high);
}

TEST(InceptionScore, RefusesWhatItCanNotMeasure) {
  Features logits = make_features(2, 8, 3);
  EXPECT_THROW(inception_score(logits.view(), {.splits = 9}), Error);
  EXPECT_THROW(inception_score(logits.view(), {.splits = 0}), Error);
  EXPECT_THROW(inception_score(logits.view(), {.cut = Options::Cut::chunk, .chunk_size = 0}), Error);
  EXPECT_THROW(inception_score_interval(logits.view(), consecutive_ids(8)), Error);
  EXPECT_THROW(inception_score_interval(logits.view(), consecutive_ids(7)), Error);
  logits.values[4] = std::nanf("");
  EXPECT_THROW(inception_score(logits.view(), {.splits = 1}), Error);
}

}  // namespace
}  // namespace alea
