#include "core/philox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <span>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "philox_draws.h"

namespace alea {
namespace {

std::vector<std::uint32_t> permutation(const DrawKey& key, std::size_t n) {
  std::vector<std::uint32_t> out(n);
  fill_permutation(key, out);
  return out;
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
