#include "core/philox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/files.h"

namespace alea {
namespace {

const DrawKey kKey = {.seed = 42, .stream = Stream::sampler_noise, .site = 3, .id = 7, .step = 12, .pass = 4};

std::vector<std::uint32_t> words(const DrawKey& key, std::size_t n) {
  std::vector<std::uint32_t> out(n);
  fill_words(key, out);
  return out;
}

std::vector<float> normals(const DrawKey& key, std::size_t n) {
  std::vector<float> out(n);
  fill_normal(key, out);
  return out;
}

std::vector<float> uniforms(const DrawKey& key, std::size_t n) {
  std::vector<float> out(n);
  fill_uniform(key, out);
  return out;
}

std::vector<std::uint32_t> permutation(const DrawKey& key, std::size_t n) {
  std::vector<std::uint32_t> out(n);
  fill_permutation(key, out);
  return out;
}

/// One key for each way to differ from kKey in a single field, or in two that must not be mistaken for each other.
std::vector<DrawKey> neighbours() {
  std::vector<DrawKey> out = {kKey};
  const auto add = [&](auto change) {
    DrawKey key = kKey;
    change(key);
    out.push_back(key);
  };
  add([](DrawKey& key) { key.seed += 1; });
  add([](DrawKey& key) { key.seed += std::uint64_t{1} << 32; });
  add([](DrawKey& key) { key.stream = Stream::re_noise; });
  add([](DrawKey& key) { key.site += 1; });
  add([](DrawKey& key) { key.id += 1; });
  add([](DrawKey& key) { key.id += std::uint64_t{1} << 32; });
  add([](DrawKey& key) { key.step += 1; });
  add([](DrawKey& key) { key.pass += 1; });
  add([](DrawKey& key) { std::swap(key.step, key.pass); });
  add([](DrawKey& key) { std::tie(key.id, key.site) = std::pair(key.site, static_cast<std::uint32_t>(key.id)); });
  return out;
}

double correlation(std::span<const float> x, std::span<const float> y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += static_cast<double>(x[i]) * y[i];
  return sum / static_cast<double>(x.size());
}

/// Kolmogorov's statistic times sqrt(n); above 1.95 once in a thousand.
double kolmogorov(std::vector<float> x, double (*cdf)(double)) {
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = cdf(x[i]), rank = static_cast<double>(i);
    largest = std::max({largest, p - rank / n, (rank + 1) / n - p});
  }
  return largest * std::sqrt(n);
}

std::uint64_t splitmix64(std::uint64_t state) {
  std::uint64_t z = state + 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

TEST(Philox, GivesThePublishedKnownAnswers) {
  using Block = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox4x32_10({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, WordsAreTheBlocksOfTheDocumentedKeyAndCounter) {
  const DrawKey key = {
      .seed = 0x0123456789abcdef, .stream = Stream::laplace, .site = 9, .id = 0xfedcba9876543210, .step = 65535, .pass = 2};
  const std::uint64_t hash = splitmix64(splitmix64(key.seed) ^ (std::uint64_t{5} << 32 | 9));
  const auto drawn = words(key, 4 * 300);
  for (std::uint32_t block = 0; block < 300; ++block) {
    const auto expected = philox4x32_10({block, 65535U << 16 | 2, 0x76543210, 0xfedcba98},
                                        {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(hash >> 32)});
    for (std::size_t i = 0; i < 4; ++i) ASSERT_EQ(drawn[4 * block + i], expected[i]) << block;
  }
}

TEST(Philox, GoldenBits) {
  const std::vector<std::uint32_t> first_words = {0xe98da83b, 0x0c2e8c61, 0x37656150, 0xd9ccac7b,
                                                  0x506de37c, 0x1665a746, 0xbc033d75, 0x24172fae};
  const std::vector<float> first_normals = {0x1.a33a54p-2F, 0x1.026f3ap-3F, 0x1.090c92p+0F, -0x1.6913cep+0F,
                                            0x1.4c2acp+0F,  0x1.9709fap-1F, 0x1.fd06cap-2F, 0x1.3788fp-1F};
  const std::vector<float> first_uniforms = {0x1.d31b5p-1F, 0x1.85d18p-5F, 0x1.bb2b08p-3F, 0x1.b39958p-1F};
  EXPECT_EQ(words(kKey, first_words.size()), first_words);
  EXPECT_EQ(normals(kKey, first_normals.size()), first_normals);
  EXPECT_EQ(uniforms(kKey, first_uniforms.size()), first_uniforms);
  EXPECT_EQ(uniform(kKey), 0x1.d31b5076185d1p-1);
  EXPECT_EQ(permutation(kKey, 10), (std::vector<std::uint32_t>{3, 6, 4, 2, 8, 7, 5, 1, 0, 9}));
  const auto million = normals(kKey, 1'000'003);
  EXPECT_EQ(sha256_hex(std::as_bytes(std::span<const float>(million))),
            "145bb8b48b8f25dd0aa109ca905a7481b0277614d600038fb51596589abdfe2c");
}

TEST(Philox, AnElementDoesNotDependOnTheLength) {
  const auto long_words = words(kKey, 2000);
  const auto long_normals = normals(kKey, 2000), long_uniforms = uniforms(kKey, 2000);
  for (const std::size_t n : {0, 1, 2, 3, 4, 5, 63, 255, 256, 257, 511, 513, 1999}) {
    EXPECT_TRUE(std::ranges::equal(words(kKey, n), std::span(long_words).first(n))) << n;
    EXPECT_TRUE(std::ranges::equal(normals(kKey, n), std::span(long_normals).first(n))) << n;
    EXPECT_TRUE(std::ranges::equal(uniforms(kKey, n), std::span(long_uniforms).first(n))) << n;
  }
}

TEST(Philox, NothingIsWrittenBeyondTheSpan) {
  std::vector<float> out(300, -77.0F);
  fill_normal(kKey, std::span(out).first(261));
  EXPECT_TRUE(std::all_of(out.begin() + 261, out.end(), [](float x) { return x == -77.0F; }));
}

TEST(Philox, StepAndPassBeyond16BitsAreRefused) {
  DrawKey key = kKey;
  key.step = 65536;
  EXPECT_THROW(words(key, 1), Error);
  key = kKey;
  key.pass = 65536;
  EXPECT_THROW(normals(key, 1), Error);
  EXPECT_THROW(uniform(key), Error);
  EXPECT_THROW(permutation(key, 2), Error);
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

TEST(Words, DrawsOfUnlikeKeysShareNoWordInPlace) {
  std::vector<std::vector<std::uint32_t>> draws;
  for (const DrawKey& key : neighbours()) draws.push_back(words(key, 10'000));
  for (std::size_t i = 0; i < draws.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_EQ(std::inner_product(draws[i].begin(), draws[i].end(), draws[j].begin(), 0, std::plus<>(), std::equal_to<>()), 0)
          << "keys " << i << " and " << j;
}

TEST(Uniform, IsTheUpper24BitsOfItsWordAndPassesKolmogorovSmirnov) {
  const auto drawn = words(kKey, 100'000);
  const auto x = uniforms(kKey, 100'000);
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(x[i], static_cast<double>(drawn[i] >> 8) / 16777216.0);
  EXPECT_LT(kolmogorov(x, [](double p) { return p; }), 1.95);
}

TEST(Uniform, TheDoubleHasTheUpper53BitsOfTwoWords) {
  const auto drawn = words(kKey, 2);
  EXPECT_EQ(uniform(kKey), static_cast<double>(drawn[0]) * 0x1p-32 + static_cast<double>(drawn[1] >> 11) * 0x1p-53);
  double sum = 0;
  for (std::uint64_t id = 0; id < 100'000; ++id) {
    const double value = uniform({.seed = 5, .stream = Stream::random_score, .id = id});
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / 100'000, 0.5, 4 / std::sqrt(12.0 * 100'000));
}

TEST(Permutation, HoldsEveryNumberOnce) {
  for (const std::size_t n : {0, 1, 2, 3, 1000, 65537}) {
    auto drawn = permutation(kKey, n);
    std::sort(drawn.begin(), drawn.end());
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(drawn[i], i);
  }
}

TEST(Permutation, AllOrdersOfFourAreEquallyLikely) {
  constexpr int kDraws = 48'000, kOrders = 24;
  std::map<std::vector<std::uint32_t>, int> counts;
  for (std::uint64_t id = 0; id < kDraws; ++id) ++counts[permutation({.seed = 3, .stream = Stream::subset, .id = id}, 4)];
  ASSERT_EQ(counts.size(), kOrders);
  const double expected = static_cast<double>(kDraws) / kOrders;
  double chi_square = 0;
  for (const auto& [order, count] : counts) chi_square += (count - expected) * (count - expected) / expected;
  EXPECT_LT(chi_square, 49.7);  // p = 0.001 at 23 degrees of freedom
  EXPECT_GT(chi_square, 6.6);   // p = 0.9997: too even is no chance either
}

TEST(Permutation, ConsumesTheWordsInOrderAndRejectsTheBiasedOnes) {
  constexpr std::uint32_t kCount = 1'000'000;
  const auto drawn = words(kKey, kCount + 10'000);
  std::vector<std::uint32_t> expected(kCount);
  std::iota(expected.begin(), expected.end(), 0);
  std::size_t used = 0, rejected = 0;
  for (std::uint32_t bound = kCount; bound > 1; --bound) {
    // The first 2^32 mod bound low halves of word * bound are one too many for some result.
    const std::uint64_t surplus = (std::uint64_t{1} << 32) % bound;
    std::uint64_t product = std::uint64_t{drawn[used++]} * bound;
    for (; (product & 0xffffffff) < surplus; ++rejected) product = std::uint64_t{drawn[used++]} * bound;
    std::swap(expected[bound - 1], expected[product >> 32]);
  }
  EXPECT_GT(rejected, 10U);
  EXPECT_EQ(permutation(kKey, kCount), expected);
}

}  // namespace
}  // namespace alea
