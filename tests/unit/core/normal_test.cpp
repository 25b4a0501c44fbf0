#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include "core/philox.h"
#include "philox_draws.h"

namespace alea {
namespace {

double correlation(std::span<const float> x, std::span<const float> y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += static_cast<double>(x[i]) * y[i];
  return sum / static_cast<double>(x.size());
}

TEST(Normal, AgreesWithBoxMullerInHigherPrecision) {
  constexpr std::size_t kCount = std::size_t{1} << 21;
  const auto drawn = words(kKey, kCount);
  const auto x = normals(kKey, kCount);
  long double worst = 0;
  for (std::size_t i = 0; i < kCount; i += 2) {
    const long double radius = std::sqrt(-2 * std::log(((drawn[i] >> 8) + 1) * 0x1p-24L));
    const long double angle = 2 * std::numbers::pi_v<long double> * (drawn[i + 1] * 0x1p-32L);
    const long double expected[2] = {radius * std::cos(angle), radius * std::sin(angle)};
    for (std::size_t k = 0; k < 2; ++k)
      if (expected[k] != 0) worst = std::max(worst, std::abs(x[i + k] / expected[k] - 1));
  }
  EXPECT_LT(worst, 3 * 0x1p-23L);
  EXPECT_GT(worst, 0x1p-25L);
}

TEST(Normal, HasTheMomentsOfAStandardNormal) {
  constexpr std::size_t kCount = 2'000'000;
  const auto x = normals(kKey, kCount);
  double sums[5] = {};
  for (const double value : x) {
    double product = 1;
    for (int power = 1; power <= 4; ++power) sums[power] += product *= value;
  }
  const auto within = [&](int power, double expected, double variance) {
    EXPECT_NEAR(sums[power] / kCount, expected, 3.5 * std::sqrt(variance / kCount)) << "moment " << power;
  };
  within(1, 0, 1);
  within(2, 1, 2);
  within(3, 0, 15);
  within(4, 3, 96);
}

TEST(Normal, PassesKolmogorovSmirnov) {
  const auto cdf = [](double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); };
  for (const DrawKey& key : neighbours()) EXPECT_LT(kolmogorov(normals(key, 50'000), cdf), 1.95);
}

TEST(Normal, EachOfTheFourNormalsOfABlockPassesKolmogorovSmirnov) {
  const auto cdf = [](double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); };
  const auto x = normals(kKey, 400'000);
  for (std::size_t place = 0; place < 4; ++place) {
    std::vector<float> part;
    for (std::size_t i = place; i < x.size(); i += 4) part.push_back(x[i]);
    EXPECT_LT(kolmogorov(part, cdf), 1.95) << place;
  }
}

TEST(Normal, ReachesItsTailsInTheRightNumber) {
  constexpr std::size_t kChunk = std::size_t{1} << 20, kChunks = 20;
  constexpr double kBound = 5.7681;  // sqrt(-2 log 2^-24)
  float lowest = 0, highest = 0;
  double beyond_4 = 0;
  std::vector<float> x(kChunk);
  for (std::uint64_t chunk = 0; chunk < kChunks; ++chunk) {
    fill_normal({.seed = 1, .id = chunk}, x);
    const auto [low, high] = std::minmax_element(x.begin(), x.end());
    lowest = std::min(lowest, *low);
    highest = std::max(highest, *high);
    beyond_4 += static_cast<double>(std::count_if(x.begin(), x.end(), [](float value) { return std::abs(value) > 4; }));
  }
  EXPECT_GT(highest, 5.0);
  EXPECT_LT(lowest, -5.0);
  EXPECT_LT(highest, kBound);
  EXPECT_GT(lowest, -kBound);
  const double expected = std::erfc(4 / std::numbers::sqrt2) * kChunk * kChunks;
  EXPECT_NEAR(beyond_4, expected, 4 * std::sqrt(expected));
}

TEST(Normal, DrawsOfUnlikeKeysAreUncorrelated) {
  constexpr std::size_t kCount = 100'000;
  std::vector<std::vector<float>> draws;
  for (const DrawKey& key : neighbours()) draws.push_back(normals(key, kCount));
  for (std::size_t i = 0; i < draws.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_LT(std::abs(correlation(draws[i], draws[j])), 4 / std::sqrt(kCount)) << "keys " << i << " and " << j;
}

TEST(Normal, ElementsOfOneDrawAreUncorrelatedAndSoAreTheirSquares) {
  constexpr std::size_t kCount = 1'000'000;
  const auto x = normals(kKey, kCount + 8);
  std::vector<float> energy;
  for (const float value : x) energy.push_back((value * value - 1) / std::numbers::sqrt2_v<float>);
  for (std::size_t lag = 1; lag <= 8; ++lag) {
    EXPECT_LT(std::abs(correlation(std::span(x).first(kCount), std::span(x).subspan(lag, kCount))), 4e-3) << lag;
    EXPECT_LT(std::abs(correlation(std::span(energy).first(kCount), std::span(energy).subspan(lag, kCount))), 4e-3) << lag;
  }
}

}  // namespace
}  // namespace alea
