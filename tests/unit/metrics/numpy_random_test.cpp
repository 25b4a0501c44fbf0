#include "metrics/numpy_random.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "core/error.h"
#include "set_metrics_fixture.h"

namespace alea {
namespace {

using Indices = std::vector<std::uint32_t>;

TEST(NumpyRandomState, DrawsWhatNumpyDraws) {
  const auto expected = test::set_metrics_fixture()["numpy"];
  NumpyRandomState random(2020);
  EXPECT_EQ(random.permutation(12), expected["permutation_12"].get<Indices>());
  EXPECT_EQ(random.choice_without_replacement(100000, 6), expected["then_6_of_100000"].get<Indices>());
  EXPECT_EQ(random.choice_without_replacement(7, 7), expected["then_7_of_7"].get<Indices>());
  EXPECT_THROW(random.choice_without_replacement(7, 8), Error);
}

TEST(NumpyRandomState, ShufflesByTheMersenneTwisterOfTheStandardLibrary) {
  std::mt19937 words(5);
  Indices expected(3000);
  std::iota(expected.begin(), expected.end(), 0U);
  for (std::uint32_t i = 2999; i > 0; --i) {
    std::uint32_t mask = 1, value = 0;
    while (mask < i) mask = 2 * mask + 1;
    do value = static_cast<std::uint32_t>(words()) & mask;
    while (value > i);
    std::swap(expected[i], expected[value]);
  }
  EXPECT_EQ(NumpyRandomState(5).permutation(3000), expected);
}

}  // namespace
}  // namespace alea
