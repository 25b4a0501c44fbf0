#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace alea {

/// One stream for each purpose: a new draw in one never shifts another. The numbers are part of every result: never renumber.
enum class Stream : std::uint32_t {
  initial_noise = 0,
  label = 1,
  sampler_noise = 2,
  re_noise = 3,
  dropout = 4,
  laplace = 5,
  subset = 6,
  training = 7,
  planted_defect = 8,
  random_score = 9,
  weights = 10,
};

/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// Identity of a draw: equal keys give equal numbers, whatever the batch, thread, rank or device.
/// Philox key = low and high word of mix(mix(seed) ^ (stream << 32 | site)), mix = splitmix64's next output from that state;
/// counter = (element/4, step<<16 | pass, id_lo, id_hi). Error{internal} from every function for a step or pass out of range.
struct DrawKey {
  std::uint64_t seed = 0;
  Stream stream = Stream::initial_noise;
  std::uint32_t site = 0;
  std::uint64_t id = 0;
  std::uint32_t step = 0;  ///< < 65536
  std::uint32_t pass = 0;  ///< < 65536
};

/// Raw words: out[i] is element i of the draw. Elements count in logical NCHW order.
void fill_words(const DrawKey& key, std::span<std::uint32_t> out);

/// Standard normals by Box-Muller in float, with our own log and sincos and no fused contraction: bit-equal on every machine.
/// Each Philox block of four words makes four normals; element i depends on the key and i alone.
void fill_normal(const DrawKey& key, std::span<float> out);

/// Uniforms in [0, 1): the upper 24 bits of a word over 2^24.
void fill_uniform(const DrawKey& key, std::span<float> out);

/// One uniform double in [0, 1) with 53 bits (element 0 and 1 of the draw).
double uniform(const DrawKey& key);

/// A permutation of 0..n-1 (Fisher-Yates, unbiased bounded integers); its words are the draw's words in order.
void fill_permutation(const DrawKey& key, std::span<std::uint32_t> out);

}  // namespace alea
