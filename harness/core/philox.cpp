#include "core/philox.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

#include "core/error.h"

// A call that stays a call inside a loop over lanes keeps it from becoming vector code.
#define ALEA_INLINE inline __attribute__((always_inline))

namespace alea {
namespace {

constexpr std::uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

using Key = std::array<std::uint32_t, 2>;

struct Words {
  std::uint32_t a, b, c, d;
};

ALEA_INLINE Words philox(Words counter, Key key) {
#pragma GCC unroll 10
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = std::uint64_t{kMultiplier0} * counter.a;
    const std::uint64_t product1 = std::uint64_t{kMultiplier1} * counter.c;
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter.b ^ key[0], static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter.d ^ key[1], static_cast<std::uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

/// The finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection, so unlike (stream, site) never share a key.
constexpr std::uint64_t mix(std::uint64_t z) {
  z += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

/// A DrawKey ready for blocks: block b of the draw is philox({b, step_pass, id_low, id_high}, key).
struct Draw {
  Key key;
  std::uint32_t step_pass, id_low, id_high;

  explicit Draw(const DrawKey& of) {
    ALEA_CHECK(of.step < 65536 && of.pass < 65536, "step {} and pass {} of a draw must be below 65536", of.step, of.pass);
    const std::uint64_t hash = mix(mix(of.seed) ^ (std::uint64_t{static_cast<std::uint32_t>(of.stream)} << 32 | of.site));
    key = {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(hash >> 32)};
    step_pass = of.step << 16 | of.pass;
    id_low = static_cast<std::uint32_t>(of.id);
    id_high = static_cast<std::uint32_t>(of.id >> 32);
  }

  Words block(std::uint32_t index) const { return philox({index, step_pass, id_low, id_high}, key); }
};

/// log(n / 2^24) for n in 1..2^24, within 1 ulp.
ALEA_INLINE float log_of_24_bits(std::uint32_t n) {
  constexpr std::uint32_t kSqrtHalf = 0x3F3504F3, kMantissa = 0x007FFFFF;
  constexpr float kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;  // kLn2High has 9 bits: its multiples are exact
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::int32_t>(n))) - kSqrtHalf;
  const auto exponent = static_cast<float>((static_cast<std::int32_t>(bits) >> 23) - 24);
  const float f = std::bit_cast<float>((bits & kMantissa) + kSqrtHalf) - 1.0F;  // mantissa in [sqrt(1/2), sqrt(2)), minus 1
  // Minimax in the relative error of log(1 + f) = f - f^2/2 + f^3 P(f).
  float p = -0.07634499F;
  p = p * f + 0.12761578F;
  p = p * f - 0.13160183F;
  p = p * f + 0.14201757F;
  p = p * f - 0.16623357F;
  p = p * f + 0.20001227F;
  p = p * f - 0.2500082F;
  p = p * f + 0.3333333F;
  const float square = f * f;
  const float tail = (f * square) * p + exponent * kLn2Low - 0.5F * square;
  return (f + tail) + exponent * kLn2High;
}

struct SinCos {
  float sin, cos;
};

/// sin and cos of 2 pi w / 2^32, within 3 ulp.
ALEA_INLINE SinCos sincos_of_turn(std::uint32_t w) {
  constexpr float kRadians = static_cast<float>(std::numbers::pi / 0x1p33);
  // The low 30 bits, read as signed, are the angle from the nearest multiple of a quarter turn, in [-1/8, 1/8) turn.
  const std::uint32_t quadrant = (w + 0x20000000U) >> 30;
  const float x = static_cast<float>(static_cast<std::int32_t>(w << 2)) * kRadians;
  const float square = x * x;
  float s = -0.00019515284F;
  s = s * square + 0.00833216F;
  s = s * square - 0.16666655F;
  s = s * square * x + x;
  float c = 2.4433157e-05F;
  c = c * square - 0.0013887316F;
  c = c * square + 0.041666646F;
  c = c * (square * square) + (1.0F - 0.5F * square);
  const std::uint32_t sin_bits = std::bit_cast<std::uint32_t>(s), cos_bits = std::bit_cast<std::uint32_t>(c);
  const std::uint32_t swap = 0U - (quadrant & 1U);
  const std::uint32_t exchange = (sin_bits ^ cos_bits) & swap;
  const std::uint32_t sin_sign = (quadrant & 2U) << 30, cos_sign = ((quadrant + 1U) & 2U) << 30;
  return {std::bit_cast<float>((sin_bits ^ exchange) ^ sin_sign), std::bit_cast<float>((cos_bits ^ exchange) ^ cos_sign)};
}

struct Pair {
  float first, second;
};

ALEA_INLINE Pair box_muller(std::uint32_t u1, std::uint32_t u2) {
  const float radius = std::sqrt(-2.0F * log_of_24_bits((u1 >> 8) + 1U));
  const SinCos angle = sincos_of_turn(u2);
  return {radius * angle.cos, radius * angle.sin};
}

ALEA_INLINE float unit_interval(std::uint32_t word) {
  return static_cast<float>(static_cast<std::int32_t>(word >> 8)) * 0x1p-24F;
}

// Philox blocks made side by side; the loops over lanes are what the compiler turns into vectors.
constexpr std::size_t kLanes = 64;

void words_of_blocks(const Draw& draw, std::uint32_t first_block, std::uint32_t* __restrict out) {
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    const Words w = draw.block(first_block + lane);
    out[4 * lane] = w.a;
    out[4 * lane + 1] = w.b;
    out[4 * lane + 2] = w.c;
    out[4 * lane + 3] = w.d;
  }
}

void normals_of_blocks(const Draw& draw, std::uint32_t first_block, float* __restrict out) {
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    const Words w = draw.block(first_block + lane);
    const Pair front = box_muller(w.a, w.b), back = box_muller(w.c, w.d);
    out[4 * lane] = front.first;
    out[4 * lane + 1] = front.second;
    out[4 * lane + 2] = back.first;
    out[4 * lane + 3] = back.second;
  }
}

void uniforms_of_blocks(const Draw& draw, std::uint32_t first_block, float* __restrict out) {
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    const Words w = draw.block(first_block + lane);
    out[4 * lane] = unit_interval(w.a);
    out[4 * lane + 1] = unit_interval(w.b);
    out[4 * lane + 2] = unit_interval(w.c);
    out[4 * lane + 3] = unit_interval(w.d);
  }
}

template <class T>
void fill_from_blocks(const DrawKey& key, std::span<T> out, void (*blocks)(const Draw&, std::uint32_t, T*)) {
  constexpr std::size_t kChunk = 4 * kLanes;
  const Draw draw(key);
  ALEA_CHECK(out.size() <= std::uint64_t{4} << 32, "a draw has at most 2^34 elements, not {}", out.size());
  std::size_t done = 0;
  for (; out.size() - done >= kChunk; done += kChunk) blocks(draw, static_cast<std::uint32_t>(done / 4), out.data() + done);
  if (done == out.size()) return;
  T last[kChunk];
  blocks(draw, static_cast<std::uint32_t>(done / 4), last);
  std::copy_n(last, out.size() - done, out.data() + done);
}

/// The draw's words one after the other.
class WordReader {
 public:
  explicit WordReader(const DrawKey& key) : draw_(key) {}

  std::uint32_t next() {
    if (used_ == kChunk) {
      ALEA_CHECK(next_block_ <= std::numeric_limits<std::uint32_t>::max() - kLanes, "the draw's words are used up");
      words_of_blocks(draw_, next_block_, words_);
      next_block_ += kLanes;
      used_ = 0;
    }
    return words_[used_++];
  }

 private:
  static constexpr std::size_t kChunk = 4 * kLanes;
  Draw draw_;
  std::uint32_t words_[kChunk];
  std::uint32_t next_block_ = 0;
  std::size_t used_ = kChunk;
};

/// Unbiased in 0..bound-1 (Lemire, "Fast random integer generation in an interval", TOMACS 2019).
std::uint32_t bounded(WordReader& words, std::uint32_t bound) {
  std::uint64_t product = std::uint64_t{words.next()} * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint32_t threshold = (0U - bound) % bound;
    while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{words.next()} * bound;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  const Words w = philox({counter[0], counter[1], counter[2], counter[3]}, key);
  return {w.a, w.b, w.c, w.d};
}

void fill_words(const DrawKey& key, std::span<std::uint32_t> out) { fill_from_blocks(key, out, words_of_blocks); }

void fill_normal(const DrawKey& key, std::span<float> out) { fill_from_blocks(key, out, normals_of_blocks); }

void fill_uniform(const DrawKey& key, std::span<float> out) { fill_from_blocks(key, out, uniforms_of_blocks); }

double uniform(const DrawKey& key) {
  const Words w = Draw(key).block(0);
  return static_cast<double>((std::uint64_t{w.a} << 32 | w.b) >> 11) * 0x1p-53;
}

void fill_permutation(const DrawKey& key, std::span<std::uint32_t> out) {
  ALEA_CHECK(out.size() <= std::numeric_limits<std::uint32_t>::max(), "a permutation of {} needs more than 32 bits", out.size());
  WordReader words(key);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint32_t>(i);
  for (std::size_t i = out.size(); i > 1; --i) std::swap(out[i - 1], out[bounded(words, static_cast<std::uint32_t>(i))]);
}

}  // namespace alea
