#include "metrics/numpy_random.h"

#include <bit>
#include <limits>
#include <numeric>
#include <utility>

#include "core/error.h"

namespace alea {
namespace {

constexpr std::size_t kStateWords = 624, kStateShift = 397;

std::uint32_t twist(std::uint32_t high, std::uint32_t low) {
  const std::uint32_t mixed = (high & 0x80000000U) | (low & 0x7fffffffU);
  return (mixed >> 1) ^ ((mixed & 1U) != 0 ? 0x9908b0dfU : 0U);
}

std::uint32_t temper(std::uint32_t word) {
  word ^= word >> 11;
  word ^= (word << 7) & 0x9d2c5680U;
  word ^= (word << 15) & 0xefc60000U;
  return word ^ (word >> 18);
}

}  // namespace

NumpyRandomState::NumpyRandomState(std::uint64_t seed) : at_(kStateWords) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (seed > kMost) fail(ErrorCode::domain, "numpy_legacy: seed {}, expected at most {}", seed, kMost);
  state_[0] = static_cast<std::uint32_t>(seed);
  for (std::uint32_t i = 1; i < kStateWords; ++i) state_[i] = 1812433253U * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
}

std::uint32_t NumpyRandomState::next() {
  if (at_ == kStateWords) {
    for (std::size_t i = 0; i < kStateWords; ++i) {
      state_[i] = state_[(i + kStateShift) % kStateWords] ^ twist(state_[i], state_[(i + 1) % kStateWords]);
    }
    at_ = 0;
  }
  return temper(state_[at_++]);
}

std::uint32_t NumpyRandomState::below_or_equal(std::uint32_t most) {
  const std::uint32_t mask = most == 0 ? 0 : ~0U >> std::countl_zero(most);
  std::uint32_t value = next() & mask;
  while (value > most) value = next() & mask;
  return value;
}

std::vector<std::uint32_t> NumpyRandomState::permutation(std::uint32_t n) {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  for (std::uint32_t i = n; i-- > 1;) std::swap(order[i], order[below_or_equal(i)]);
  return order;
}

std::vector<std::uint32_t> NumpyRandomState::choice_without_replacement(std::uint32_t n, std::uint32_t size) {
  if (size > n) fail(ErrorCode::domain, "random choice: {} of {} without replacement", size, n);
  std::vector<std::uint32_t> chosen = permutation(n);
  chosen.resize(size);
  return chosen;
}

}  // namespace alea
