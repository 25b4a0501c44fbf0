#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace alea {

/// The part of numpy.random.RandomState (its legacy stream, frozen by NumPy's policy) that the peers' conventions draw from: the
/// Mersenne twister MT19937 (Matsumoto & Nishimura 1998), integers by masking and rejection.
class NumpyRandomState {
 public:
  /// Error{domain} for a seed beyond 32 bits, which the legacy stream has none of.
  explicit NumpyRandomState(std::uint64_t seed);
  /// RandomState.permutation(n): 0..n-1 by Fisher-Yates from the last to the first.
  std::vector<std::uint32_t> permutation(std::uint32_t n);
  /// RandomState.choice(n, size, replace=False): the first `size` of a permutation. Error{domain} for size > n.
  std::vector<std::uint32_t> choice_without_replacement(std::uint32_t n, std::uint32_t size);

 private:
  std::uint32_t below_or_equal(std::uint32_t most);
  std::uint32_t next();
  std::array<std::uint32_t, 624> state_{};
  std::size_t at_;
};

}  // namespace alea
